import { type Static, Type } from 'typebox';
import { serviceConfig } from '../http/service-config.ts';
import { s3Config } from '../ports/blobs/s3-config.ts';
import { kafkaConfig } from '../ports/log/kafka/config.ts';
import { storeConfig } from '../ports/store/config.ts';
import { registryConfig } from '../schemas/registry-config.ts';

export const ingestConfig = Type.Object({
  DEVICES_MAX: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 100_000,
    description: 'How many devices may be known; a frame from one more is refused.',
  }),
  FRAME_BYTES_MAX: Type.Integer({
    default: 262_144,
    minimum: 1_024,
    maximum: 16_777_216,
    description: 'The largest picture accepted.',
  }),
  IN_FLIGHT_BYTES_MAX: Type.Integer({
    default: 67_108_864,
    minimum: 1_048_576,
    description: 'Bytes of pictures being received at once; beyond it uploads are answered 503 with Retry-After.',
  }),
});

export type IngestConfig = Static<typeof ingestConfig>;

/** What `ingest/main.ts` is told. */
export const ingestService = Type.Object({
  ...serviceConfig(8080),
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
  ...ingestConfig.properties,
});
