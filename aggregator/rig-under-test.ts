import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createManualClock } from '../ports/clock/manual.ts';
import type { Log } from '../ports/log/log.ts';
import { startDatabase } from '../ports/store/database-under-test.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { NOW_MS } from '../schemas/records-under-test.ts';
import { logTopics, type TopicName } from '../schemas/topics.ts';
import type { RecordName, RecordTypes } from '../schemas/types.ts';
import { migrations, runAggregator } from './aggregator.ts';

interface RunOptions {
  readonly batch?: number;
  readonly store?: Store;
  readonly log?: Log;
  readonly tracing?: Tracing;
}

export interface AggregatorRig {
  readonly services: ServicesUnderTest;
  readonly log: Log;
  append<Name extends RecordName>(topic: TopicName, name: Name, ...values: readonly RecordTypes[Name][]): Promise<void>;
  appendBytes(topic: TopicName, key: string, value: Buffer): Promise<void>;
  /** Runs an aggregator until the function it answers is called, which tells how many records it wrote. */
  start(options?: RunOptions): () => Promise<number>;
  /** Until all that is in the log is written. */
  caughtUp(): Promise<void>;
  /** Runs one aggregator for as long as there is something to do. */
  drain(options?: RunOptions): Promise<number>;
}

const READ: readonly TopicName[] = ['frames', 'backlog', 'observations', 'events', 'dead-letters'];

/** The real database and log, and an aggregator between them. Records told before it starts come as one batch. */
export async function startAggregatorRig(database = startDatabase): Promise<AggregatorRig> {
  const services = await startServices({ migrations, topics: logTopics, partitionCount: 1, database });
  const clock = createManualClock(NOW_MS);
  const log = await services.openLog(clock);
  const aggregatorStore = services.openStore('aggregator');

  const rig: AggregatorRig = {
    services,
    log,
    append: (topic, name, ...values) =>
      log.append(
        topic,
        values.map((value) => ({
          key: 'camera',
          value: fixedCodec.encode(name, value),
          headers: { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` },
        })),
      ),
    appendBytes: (topic, key, value) => log.append(topic, [{ key, value }]),

    start({ batch = 500, store = aggregatorStore, log: consumed = log, tracing } = {}) {
      const metrics = new Registry();
      const stop = new AbortController();
      const config = { AGGREGATOR_BATCH: batch };
      const dependencies = {
        log: consumed,
        store,
        clock,
        codec: fixedCodec,
        logger: pino({ level: 'silent' }),
        metrics,
        config,
        ...(tracing && { tracing }),
      };
      const running = runAggregator(dependencies, stop.signal);
      return async () => {
        stop.abort();
        await running;
        const counted = await metrics.getSingleMetric('passerby_aggregator_records_total')?.get();
        return counted?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
      };
    },

    async caughtUp() {
      for (let tries = 0; tries < 1_000; tries++) {
        const lags = await Promise.all(READ.map((topic) => log.lag(topic, 'aggregator')));
        if (lags.flat().every(({ records }) => records === 0n)) return;
        await sleep(10);
      }
      throw new Error('the aggregator does not catch up');
    },

    async drain(options) {
      const stop = rig.start(options);
      await rig.caughtUp();
      return stop();
    },
  };
  return rig;
}
