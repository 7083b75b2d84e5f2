import { type Static, Type } from 'typebox';
import { serviceConfig } from '../http/service-config.ts';
import { s3Config } from '../ports/blobs/s3-config.ts';
import { detectorConfig } from '../ports/detector/config.ts';
import { kafkaConfig } from '../ports/log/kafka/config.ts';
import { registryConfig } from '../schemas/registry-config.ts';

export const processorConfig = Type.Object({
  PROCESSOR_BATCH: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 1_000,
    description: 'How many frames of a partition are read, analysed and committed together.',
  }),
  PROCESSOR_DEVICE_BATCH: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 1_000,
    description: 'How many of them may be of one device; the others of its partition come in between.',
  }),
  PROCESSOR_CYCLE_S: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 3_600,
    description:
      'Analyse in cycles of so many seconds, one PROCESSOR_BATCH of each partition in each; 0: as frames come.',
  }),
  PROCESSOR_ATTEMPTS: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 100,
    description:
      'How often a frame is tried whose picture cannot be had while others can, before it becomes a dead letter.',
  }),
  PROCESSOR_FLOOD: Type.Union([Type.Literal('stop'), Type.Literal('pass')], {
    default: 'stop',
    description: 'Whether a partition stops, or goes on, when most of its frames would become dead letters.',
  }),
  DECODERS_MAX: Type.Integer({
    default: 4,
    minimum: 1,
    maximum: 64,
    description: 'How many pictures are fetched, decoded and looked at at once.',
  }),
  ...detectorConfig.properties,
});

export type ProcessorConfig = Static<typeof processorConfig>;

/** What `processor/main.ts` is told. */
export const processorService = Type.Object({
  ...serviceConfig(8082),
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...registryConfig.properties,
  ...processorConfig.properties,
});
