{{/*
What is so of each service, whoever installs it: where it listens, what it is told, how it is replaced. A test compares it
with docker-compose.yml and with the settings that each service knows.

  takes      log, blobs, store: where Kafka, the S3 server and the database are, and how to sign in;
             front: whose word is believed about who asks; server, admin: secrets
  settings   those of `settings` that are its own; those of everybody are in passerby.settingsOfAll
  drain      seconds between the news that a pod goes and its end, for those who still send it requests
  readsLog   at most as many are of use as topics have partitions
  recreate   see templates/deployments.yaml
*/}}
{{- define "passerby.services" -}}
ingest:
  port: 8080
  drain: 10
  takes: [log, blobs, store, front, server]
  settings:
    - DEVICES_MAX
    - FRAME_BYTES_MAX
    - REQUEST_BYTES_MAX
    - IN_FLIGHT_BYTES_MAX
    - DISK_FOLDERS
    - DISK_FREE_MIN_BYTES
    - DEVICE_RATE
    - OWNER_RATE
    - ADDRESS_RATE
    - PUBLIC_URL
    - UPLOAD_VIA
    - HEARTBEAT_INTERVAL_S
    - PUBLIC_S3_URL
processor:
  port: 8082
  readsLog: true
  takes: [log, blobs]
  settings:
    - PROCESSOR_BATCH
    - PROCESSOR_DEVICE_BATCH
    - PROCESSOR_CYCLE_S
    - PROCESSOR_ATTEMPTS
    - PROCESSOR_FLOOD
    - DECODERS_MAX
    - MODEL_PATH
    - DETECTOR_THREADS
aggregator:
  port: 8083
  readsLog: true
  recreate: true
  takes: [log, blobs, store]
  settings:
    - AGGREGATOR_BATCH
    - ENABLE_SNAPSHOTS
    - SNAPSHOT_TYPES
    - FRAMES_KEEP
    - RETENTION_FRAMES_H
    - FRAMES_DOWNSCALE_H
    - FRAMES_DOWNSCALE_WIDTH
    - RETENTION_CAPTURES_H
    - RETENTION_STAGING_H
    - RETENTION_OBSERVATIONS_H
    - RETENTION_SNAPSHOTS_D
    - RETENTION_EVENTS_D
    - RETENTION_VISITS_D
    - RETENTION_ROLLUPS_D
    - RETENTION_UNANALYSED_D
    - RETENTION_CLAIMS_D
    - RETENTION_DEAD_LETTERS_D
    - RETENTION_OUTCOMES_D
    - RETENTION_AUDIT_D
    - HEARTBEAT_INTERVAL_S
snapshots:
  port: 8084
  readsLog: true
  takes: [log, blobs, store]
  settings:
    - ENABLE_SNAPSHOTS
    - SNAPSHOT_TYPES
    - SNAPSHOTS_BLUR_PEOPLE
    - SNAPSHOTS_BATCH
    - DRAWINGS_MAX
console:
  port: 8081
  drain: 10
  takes: [log, blobs, store, front, server, admin]
  settings:
    - DEVICES_MAX
    - DEVICE_RATE
    - OWNER_RATE
    - ADDRESS_RATE
    - DISK_FOLDERS
    - DISK_LOW_BYTES
    - DISK_LOW_SHARE
{{- end }}

{{- define "passerby.settingsOfAll" -}}
- LOG_LEVEL
- SCHEMA_REGISTRY_REGISTER
- SCHEMA_REGISTRY_EARLIER_IDS
- OTEL_EXPORTER_OTLP_ENDPOINT
- OTEL_RESOURCE_ATTRIBUTES
- OTEL_TRACES_SAMPLER
- OTEL_TRACES_SAMPLER_ARG
- OTEL_SDK_DISABLED
{{- end }}
