import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import type { Store } from '../ports/store/store.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import type { Codec } from '../schemas/codec.ts';
import type { AggregatorConfig } from './config.ts';
import { withoutDeleted } from './without-deleted.ts';
import { withoutErased } from './without-erased.ts';
import { writeDeadLetters } from './write-dead-letters.ts';
import { writeTopic } from './write-topic.ts';
import { createWriters } from './writers.ts';

/** Where the migrations lie that make the tables the aggregator, ingest and the console meet at. */
export const migrations = new URL('./migrations/', import.meta.url);

/** Runs until the signal; resolves when what was in hand is committed. */
export async function runAggregator(
  {
    log,
    store,
    clock,
    codec,
    logger,
    metrics,
    tracing = null,
    config,
  }: {
    readonly log: Log;
    readonly store: Store;
    readonly clock: Clock;
    readonly codec: Codec;
    readonly logger: Logger;
    readonly metrics: Registry;
    readonly tracing?: Tracing | null;
    readonly config: Pick<AggregatorConfig, 'AGGREGATOR_BATCH'>;
  },
  signal: AbortSignal,
): Promise<void> {
  const written = new Counter({
    name: 'passerby_aggregator_records_total',
    help: 'Records written into tables, by topic.',
    labelNames: ['topic'],
    registers: [metrics],
  });

  const writers = createWriters({ codec, clock });
  await Promise.all(
    Object.entries(writers).map(([topic, write]) => {
      const subscription = writeTopic({
        topic,
        store,
        codec,
        tracing,
        batchRecordsMax: config.AGGREGATOR_BATCH,
        write: async (transaction, all) => {
          const batch = await withoutDeleted(transaction, await withoutErased(transaction, all));
          await write(transaction, batch);
          await writeDeadLetters(transaction, batch.poison, clock.nowMs());
        },
        onWritten: (records) => written.inc({ topic }, records),
        onTrouble: ({ partition, error, pauseMs }) =>
          logger.warn({ topic, partition, pauseMs, error }, 'records wait: a batch could not be written'),
      });
      return log.consume(subscription, signal);
    }),
  );
}
