import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log } from '../ports/log/log.ts';
import type { Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import type { TopicName } from '../schemas/topics.ts';
import type { AggregatorConfig } from './config.ts';
import { switchMovingToBurst } from './switch-to-burst.ts';
import { finishByDeadLetters, finishByObservations, noteAttempts, writeFrames } from './write-captures.ts';
import { settleDeadLetters, writeDeadLetters } from './write-dead-letters.ts';
import { writeEvents } from './write-events.ts';
import { writeOccupancy } from './write-occupancy.ts';
import { type WriteBatch, writeTopic } from './write-topic.ts';

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
    config,
  }: {
    readonly log: Log;
    readonly store: Store;
    readonly clock: Clock;
    readonly codec: Codec;
    readonly logger: Logger;
    readonly metrics: Registry;
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

  const writers: Partial<Record<TopicName, WriteBatch>> = {
    frames: (transaction, batch) => writeFrames(transaction, batch.of('frame')),
    backlog: (transaction, batch) => writeFrames(transaction, batch.of('frame')),
    observations: async (transaction, batch) => {
      const reads = batch.of('observation');
      // Letters before captures, as the console locks them.
      const observations = reads.map(({ value }) => value);
      await settleDeadLetters(transaction, observations, clock.nowMs());
      await noteAttempts(transaction, batch.of('attempt'));
      await finishByObservations(transaction, reads);
    },
    events: async (transaction, batch) => {
      const nowMs = clock.nowMs();
      await writeEvents(transaction, batch.of('event'), nowMs);
      await writeOccupancy(transaction, batch.of('event'));
      await switchMovingToBurst(transaction, batch.of('event'), nowMs);
    },
    'dead-letters': async (transaction, batch) => {
      const reads = batch.of('dead-letter');
      // In the same order.
      const letters = reads.map(({ value }) => value);
      await writeDeadLetters(transaction, letters, clock.nowMs());
      await finishByDeadLetters(transaction, reads, codec);
    },
  };

  await Promise.all(
    Object.entries(writers).map(([topic, write]) => {
      const subscription = writeTopic({
        topic,
        store,
        codec,
        batchRecordsMax: config.AGGREGATOR_BATCH,
        write: async (transaction, batch) => {
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
