import { type Static, Type } from 'typebox';
import { serviceConfig } from '../http/service-config.ts';
import { s3Config } from '../ports/blobs/s3-config.ts';
import { kafkaConfig } from '../ports/log/kafka/config.ts';
import { storeConfig } from '../ports/store/config.ts';
import { registryConfig } from '../schemas/registry-config.ts';
import { drawnConfig } from '../schemas/snapshot-config.ts';

export const snapshotsConfig = Type.Object({
  ...drawnConfig.properties,
  SNAPSHOTS_BLUR_PEOPLE: Type.Boolean({
    default: false,
    description: 'Whether people are made coarse blocks in drawn pictures, as far as they were found.',
  }),
  SNAPSHOTS_BATCH: Type.Integer({
    default: 20,
    minimum: 1,
    maximum: 500,
    description: 'How many events of a partition are read, drawn and committed together.',
  }),
  DRAWINGS_MAX: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 64,
    description: 'How many snapshots are drawn at once.',
  }),
});

export type SnapshotsConfig = Static<typeof snapshotsConfig>;

/** What `snapshots/main.ts` is told. */
export const snapshotsService = Type.Object({
  ...serviceConfig(8084),
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
  ...snapshotsConfig.properties,
});
