import { type Static, Type } from 'typebox';

export const processorConfig = Type.Object({
  PROCESSOR_BATCH: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 1_000,
    description: 'How many frames of a partition are read, analysed and committed together.',
  }),
  DECODERS_MAX: Type.Integer({
    default: 4,
    minimum: 1,
    maximum: 64,
    description: 'How many pictures are fetched and decoded at once.',
  }),
});

export type ProcessorConfig = Static<typeof processorConfig>;
