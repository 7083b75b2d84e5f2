import { type Static, Type } from 'typebox';
import { heartbeatConfig } from '../http/access/devices/heartbeat-config.ts';
import { serviceConfig } from '../http/service-config.ts';
import { s3Config } from '../ports/blobs/s3-config.ts';
import { kafkaConfig } from '../ports/log/kafka/config.ts';
import { storeConfig } from '../ports/store/config.ts';
import { registryConfig } from '../schemas/registry-config.ts';
import { retentionConfig } from './retention/config.ts';

export const aggregatorConfig = Type.Object({
  ...heartbeatConfig.properties,
  AGGREGATOR_BATCH: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 5_000,
    description: 'How many records of a partition are written in one transaction.',
  }),
  ...retentionConfig.properties,
});

export type AggregatorConfig = Static<typeof aggregatorConfig>;

/** What `aggregator/main.ts` is told. */
export const aggregatorService = Type.Object({
  ...serviceConfig(8083),
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
  ...aggregatorConfig.properties,
});
