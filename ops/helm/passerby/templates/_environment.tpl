{{/* A number as it was written: large ones would come out as 6.7108864e+07. */}}
{{- define "passerby.plain" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{ int64 . }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end }}

{{- define "passerby.fromSecret" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret | quote }}
      key: {{ .key | quote }}
{{- end }}

{{/*
The environment of one service. What is secret comes from Secrets that are there already, and whatever is set to nothing
is left to the service's own default.
*/}}
{{- define "passerby.environment" -}}
{{- $root := .root }}
{{- $facts := .facts }}
{{- $secrets := $root.Values.secrets }}
- name: HOST
  value: 0.0.0.0
- name: PORT
  value: {{ $facts.port | quote }}
{{- if has "log" $facts.takes }}
{{- with $root.Values.kafka }}
- name: KAFKA_BROKERS
  value: {{ .brokers | quote }}
- name: KAFKA_PARTITIONS
  value: {{ include "passerby.plain" .partitions | quote }}
- name: KAFKA_REPLICATION
  value: {{ include "passerby.plain" .replication | quote }}
{{- if .ssl }}
- name: KAFKA_SSL
  value: "true"
{{- end }}
{{- if .sasl.username }}
- name: KAFKA_SASL_MECHANISM
  value: {{ .sasl.mechanism | quote }}
- name: KAFKA_SASL_USERNAME
  value: {{ .sasl.username | quote }}
{{ include "passerby.fromSecret" (dict "variable" "KAFKA_SASL_PASSWORD" "secret" $secrets.kafka.name "key" $secrets.kafka.key) }}
{{- end }}
{{- end }}
{{- if $secrets.registry.name }}
{{ include "passerby.fromSecret" (dict "variable" "SCHEMA_REGISTRY_URL" "secret" $secrets.registry.name "key" $secrets.registry.key) }}
{{- else if $root.Values.registry.url }}
- name: SCHEMA_REGISTRY_URL
  value: {{ $root.Values.registry.url | quote }}
{{- end }}
{{- end }}
{{- if has "blobs" $facts.takes }}
{{- with $root.Values.s3 }}
{{- if .endpoint }}
- name: S3_ENDPOINT
  value: {{ .endpoint | quote }}
{{- end }}
- name: S3_REGION
  value: {{ .region | quote }}
- name: S3_BUCKET
  value: {{ .bucket | quote }}
{{- end }}
{{- if $secrets.s3.name }}
{{ include "passerby.fromSecret" (dict "variable" "S3_ACCESS_KEY_ID" "secret" $secrets.s3.name "key" $secrets.s3.accessKeyIdKey) }}
{{ include "passerby.fromSecret" (dict "variable" "S3_SECRET_ACCESS_KEY" "secret" $secrets.s3.name "key" $secrets.s3.secretAccessKeyKey) }}
{{- end }}
{{- end }}
{{- if has "store" $facts.takes }}
{{ include "passerby.fromSecret" (dict "variable" "DATABASE_URL" "secret" $secrets.database.name "key" $secrets.database.key) }}
{{- end }}
{{- if has "server" $facts.takes }}
{{ include "passerby.fromSecret" (dict "variable" "SERVER_SECRET" "secret" $secrets.server.name "key" $secrets.server.key) }}
{{- if $secrets.serverBefore.name }}
{{ include "passerby.fromSecret" (dict "variable" "SERVER_SECRET_BEFORE" "secret" $secrets.serverBefore.name "key" $secrets.serverBefore.key) }}
{{- end }}
{{- end }}
{{- if has "admin" $facts.takes }}
{{ include "passerby.fromSecret" (dict "variable" "ADMIN_PASSWORD" "secret" $secrets.admin.name "key" $secrets.admin.key) }}
{{- end }}
{{- if $secrets.tracing.name }}
{{ include "passerby.fromSecret" (dict "variable" "OTEL_EXPORTER_OTLP_HEADERS" "secret" $secrets.tracing.name "key" $secrets.tracing.key) }}
{{- end }}
{{- if and (has "front" $facts.takes) $root.Values.trustProxy }}
- name: TRUST_PROXY
  value: {{ $root.Values.trustProxy | quote }}
{{- end }}
{{- range concat (include "passerby.settingsOfAll" $root | fromYamlArray) $facts.settings }}
{{- $value := get $root.Values.settings . }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- name: {{ . }}
  value: {{ include "passerby.plain" $value | quote }}
{{- end }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
