import { afterAll, beforeAll, expect, test } from 'vitest';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import { unheard } from '../ports/log/unheard-under-test.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import { event, frame, NOW_MS } from '../schemas/records-under-test.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';

const terminateOthers = statement(import.meta.url, '../ports/store/sql/test-terminate-others.sql');

let rig: AggregatorRig;
beforeAll(async () => {
  rig = await startAggregatorRig();
});
afterAll(() => rig.services.stop());

async function eventsOf(name: string): Promise<readonly string[]> {
  const rows = await rig.services.rows<{ model: string | null }>('events');
  return rows.flatMap(({ model }) => (model?.startsWith(`${name} `) ? [model] : [])).sort();
}

/** Events by the hundred, told apart by their model; answers what the rows must say of them. */
async function tell(name: string, count: number): Promise<readonly string[]> {
  const models = Array.from({ length: count }, (_, at) => `${name} ${String(at).padStart(4, '0')}`);
  await rig.append('events', 'event', ...models.map((model) => event(model, { model })));
  return models;
}

/** Fails the transactions with these numbers, counted from the store's first, before or after their commit. */
function failing(store: Store, fails: (transaction: number) => 'before' | 'after' | null): Store {
  let transactions = 0;
  return {
    ...store,
    async transaction(work) {
      const when = fails(transactions++);
      if (when === 'before') throw new Outage('the database does not answer', 'ECONNREFUSED');
      const result = await store.transaction(work);
      if (when === 'after') throw new Outage('the database does not answer', 'ECONNRESET');
      return result;
    },
  };
}

test('two aggregators on one partition: each record takes effect once', async () => {
  const wanted = await tell('rivals', 300);
  await rig.append('frames', 'frame', ...Array.from({ length: 100 }, (_, at) => frame(at + 1)));
  const rivalLog = await rig.services.openLog(createManualClock(NOW_MS));
  const options = { batch: 7 };
  const stops = [rig.start(options), rig.start({ ...options, log: rivalLog, store: rig.services.openStore('rival') })];
  await rig.caughtUp();
  const written = await Promise.all(stops.map((stop) => stop()));
  expect(await eventsOf('rivals')).toEqual(wanted);
  expect(written.reduce((sum, records) => sum + records, 0)).toBe(400);
  expect(await rig.services.rows('captures')).toHaveLength(100);
});

test('a crash between the rows and the offset of the log: nothing is written twice', async () => {
  const wanted = await tell('crash', 100);
  let steps = 0;
  const log = unheard(rig.log, (step) => {
    steps = step + 1;
    return step % 2 === 0;
  });
  expect(await rig.drain({ log, batch: 30 })).toBe(100);
  expect(steps).toBeGreaterThan(3);
  expect(await eventsOf('crash')).toEqual(wanted);
});

test('a commit of which nobody heard: nothing is written twice', async () => {
  const wanted = await tell('unheard', 100);
  const store = failing(rig.services.openStore('aggregator'), (at) => (at < 2 ? 'after' : null));
  // What was committed unheard is not counted, and not written again either.
  expect(await rig.drain({ store, batch: 30 })).toBe(40);
  expect(await eventsOf('unheard')).toEqual(wanted);
});

test('without its database it waits, and then writes everything', async () => {
  const wanted = await tell('outage', 100);
  const store = failing(rig.services.openStore('aggregator'), (at) => (at < 4 ? 'before' : null));
  expect(await rig.drain({ store, batch: 30 })).toBe(100);
  expect(await eventsOf('outage')).toEqual(wanted);
});

test('connections that are cut again and again lose nothing', async () => {
  const wanted = await tell('cut', 2_000);
  const stop = rig.start({ store: rig.services.openStore('cut-often'), batch: 10 });
  for (let round = 0; round < 5; round++) {
    await new Promise((settle) => setTimeout(settle, 40));
    await rig.services.store.run(terminateOthers, ['passerby cut-often']);
  }
  await rig.caughtUp();
  await stop();
  expect(await eventsOf('cut')).toEqual(wanted);
});
