import { type Static, Type } from 'typebox';

export const aggregatorConfig = Type.Object({
  AGGREGATOR_BATCH: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 5_000,
    description: 'How many records of a partition are written in one transaction.',
  }),
});

export type AggregatorConfig = Static<typeof aggregatorConfig>;
