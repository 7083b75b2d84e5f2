import { type Static, Type } from 'typebox';
import { deviceAccessConfig } from '../http/access/devices/device-access.ts';
import { heartbeatConfig } from '../http/access/devices/heartbeat-config.ts';
import { secretConfig } from '../http/access/server-secret.ts';
import { diskFoldersConfig } from '../http/disk-folders.ts';
import { serviceConfig } from '../http/service-config.ts';
import { s3Config } from '../ports/blobs/s3-config.ts';
import { kafkaConfig } from '../ports/log/kafka/config.ts';
import { storeConfig } from '../ports/store/config.ts';
import { registryConfig } from '../schemas/registry-config.ts';

export const ingestConfig = Type.Object({
  ...deviceAccessConfig.properties,
  ...heartbeatConfig.properties,
  FRAME_BYTES_MAX: Type.Integer({
    default: 262_144,
    minimum: 1_024,
    maximum: 16_777_216,
    description: 'The largest picture accepted.',
  }),
  REQUEST_BYTES_MAX: Type.Integer({
    default: 16_777_216,
    minimum: 65_536,
    maximum: 1_073_741_824,
    description: 'The largest request with many pictures.',
  }),
  DISK_FREE_MIN_BYTES: Type.Integer({
    default: 536_870_912,
    minimum: 0,
    description: 'With less free on a disk that is watched, frames are answered 507 with Retry-After; 0: never.',
  }),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#]+$',
      description: 'Where devices reach this service, such as https://cams.example; else it is how they named it.',
    }),
  ),
  IN_FLIGHT_BYTES_MAX: Type.Integer({
    default: 67_108_864,
    minimum: 1_048_576,
    description: 'Bytes of pictures being received at once; beyond it uploads are answered 503 with Retry-After.',
  }),
});

/** Where devices put pictures of their own, in the production profile. */
const placesConfig = Type.Object({
  UPLOAD_VIA: Type.Union([Type.Literal('ingest'), Type.Literal('s3')], {
    default: 'ingest',
    description: 'Where devices that put pictures in place themselves put them: here, or at the S3 server.',
  }),
  PUBLIC_S3_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^@\\s]+$',
      description: 'Where devices reach that S3 server, with UPLOAD_VIA=s3.',
    }),
  ),
});

export type IngestConfig = Static<typeof ingestConfig>;

/** What `ingest/main.ts` is told. */
export const ingestService = Type.Object({
  ...serviceConfig(8080),
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
  ...secretConfig.properties,
  ...ingestConfig.properties,
  ...placesConfig.properties,
  ...diskFoldersConfig.properties,
});
