import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { runAggregator } from '../aggregator/aggregator.ts';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { brightnessDetector } from '../ports/detector/brightness-under-test.ts';
import type { Log } from '../ports/log/log.ts';
import type { Store } from '../ports/store/store.ts';
import { runProcessor } from '../processor/processor.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { readers } from '../schemas/readers.ts';
import { runSnapshots } from '../snapshots/snapshots.ts';

/** Notes who subscribes to what, and gives nobody anything to read. */
function createListeningLog() {
  const subscribed: string[] = [];
  const log: Log = {
    append: () => Promise.reject(new Error('nothing was read')),
    consume: async ({ group, topic }, signal) => {
      subscribed.push(`${group} ${topic}`);
      if (!signal.aborted) await new Promise((settle) => signal.addEventListener('abort', settle, { once: true }));
    },
    lag: async () => [],
    close: async () => undefined,
  };
  return { log, subscribed };
}

const store: Store = {
  run: () => Promise.reject(new Error('nothing was read')),
  transaction: () => Promise.reject(new Error('nothing was read')),
  check: async () => undefined,
  close: async () => undefined,
};

test('the readers whose lag is watched are those that read', async () => {
  const { log, subscribed } = createListeningLog();
  const clock = createManualClock(0);
  const shared = { log, clock, codec: fixedCodec, logger: pino({ level: 'silent' }), metrics: new Registry() };
  const batches = { PROCESSOR_BATCH: 1, PROCESSOR_DEVICE_BATCH: 1, AGGREGATOR_BATCH: 1, SNAPSHOTS_BATCH: 1 };
  const config = {
    ...batches,
    PROCESSOR_CYCLE_S: 0,
    PROCESSOR_ATTEMPTS: 5,
    PROCESSOR_FLOOD: 'stop' as const,
    DECODERS_MAX: 1,
    DRAWINGS_MAX: 1,
    ...{ ENABLE_SNAPSHOTS: true, SNAPSHOT_TYPES: 'motion', SNAPSHOTS_BLUR_PEOPLE: false },
  };
  const stop = new AbortController();
  const running = Promise.all([
    runProcessor({ ...shared, blobs: createMemoryBlobs({ clock }), detector: brightnessDetector, config }, stop.signal),
    runAggregator({ ...shared, store, config }, stop.signal),
    runSnapshots({ ...shared, blobs: createMemoryBlobs({ clock }), store, config }, stop.signal),
  ]);
  stop.abort();
  await running;
  expect(subscribed.sort()).toEqual(readers.map(({ group, topic }) => `${group} ${topic}`).sort());
});
