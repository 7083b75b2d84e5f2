import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import type { Queryable } from '../ports/store/store.ts';
import { createOutcomes, type Outcome, type Outcomes } from './outcomes.ts';

interface Row extends Outcome {
  readonly minute: Date;
  readonly device_id: string | null;
  readonly count: number;
}

const NOON_MS = Date.UTC(2026, 4, 1, 12);

let services: ServicesUnderTest;
let clock: ManualClock;

beforeAll(async () => {
  services = await startServices({ migrations: new URL('../aggregator/migrations/', import.meta.url) });
});
afterAll(() => services.stop());
beforeEach(async () => {
  clock = createManualClock(NOON_MS);
  for (const table of ['ingest_outcomes', 'outcome_writers']) {
    await services.store.run({ name: `empty-${table}`, text: `truncate ${table}` });
  }
});

/** One of several processes. */
const open = (store: Queryable = services.store, sumsMax?: number) =>
  createOutcomes({ store, clock, ...(sumsMax === undefined ? {} : { sumsMax }) });
const add = (outcomes: Outcomes, times: number, deviceId: string | null, code = 'queued', status = 202) => {
  for (let n = 0; n < times; n++) outcomes.add({ deviceId, code, status });
};
/** `minute device code count`, minutes after noon. */
async function table(): Promise<string[]> {
  const rows = await services.rows<Row>('ingest_outcomes');
  return rows
    .map(({ minute, device_id, code, count }) => {
      return `${(minute.getTime() - NOON_MS) / 60_000} ${device_id} ${code} ${count}`;
    })
    .sort();
}

/** A database that is away, or that does what it is asked and does not say so. */
function faulty(how: 'away' | 'lost'): Queryable & { mended: boolean } {
  const store = {
    mended: false,
    async run(...asked: Parameters<Queryable['run']>) {
      const answer = store.mended || how === 'lost' ? await services.store.run(...asked) : [];
      if (store.mended) return answer as never;
      throw new Outage('the database', how);
    },
  };
  return store;
}

describe('outcomes', () => {
  test('are added up by minute, device and code', async () => {
    const outcomes = open();
    add(outcomes, 2, 'cam-1');
    add(outcomes, 1, 'cam-1', 'too-large', 413);
    clock.advance(59_999);
    add(outcomes, 3, 'cam-1');
    add(outcomes, 1, null, 'no-device-token', 401);
    clock.advance(1);
    add(outcomes, 1, 'cam-1');
    expect(await table()).toEqual([]);
    await outcomes.write();
    expect(await table()).toEqual([
      '0 cam-1 queued 5',
      '0 cam-1 too-large 1',
      '0 null no-device-token 1',
      '1 cam-1 queued 1',
    ]);
    await outcomes.write();
    expect(await table()).toHaveLength(4);
  });

  test('of several processes at once add up exactly, whoever writes when, and whatever answers are lost', async () => {
    const step = fc.record({
      process: fc.nat({ max: 3 }),
      device: fc.constantFrom('cam-1', 'cam-2', null),
      code: fc.constantFrom<[code: string, status: number]>(['queued', 202], ['busy', 503]),
      next: fc.constantFrom('go on', 'write', 'write, and hear nothing', 'next minute'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        await services.store.run({ name: 'empty', text: 'truncate ingest_outcomes, outcome_writers' });
        clock = createManualClock(NOON_MS);
        const stores = Array.from({ length: 4 }, () => faulty('lost'));
        for (const store of stores) store.mended = true;
        const processes = stores.map((store) => open(store));
        const expected = new Map<string, number>();
        const writing: Promise<unknown>[] = [];
        for (const { process, device, code, next } of steps) {
          const [outcomes, store] = [processes[process], stores[process]];
          if (!outcomes || !store) throw new Error('no such process');
          const [word, status] = code;
          // So that there is something to write, and nobody else who writes it.
          if (next === 'write, and hear nothing') await Promise.all(writing);
          add(outcomes, 1, device, word, status);
          const key = `${Math.floor((clock.nowMs() - NOON_MS) / 60_000)} ${device} ${word}`;
          expected.set(key, (expected.get(key) ?? 0) + 1);
          if (next === 'next minute') clock.advance(60_000);
          if (next === 'write') writing.push(outcomes.write());
          if (next === 'write, and hear nothing') {
            store.mended = false;
            await expect(outcomes.write()).rejects.toThrow(Outage);
            store.mended = true;
          }
        }
        await Promise.all(writing);
        await Promise.all(processes.map((outcomes) => outcomes.write()));
        expect(await table()).toEqual([...expected].map(([key, count]) => `${key} ${count}`).sort());
      }),
      { numRuns: 30 },
    );
  });

  test('wait while the database is away, and are all there when it is back', async () => {
    const store = faulty('away');
    const outcomes = open(store);
    for (let minute = 0; minute < 3; minute++) {
      add(outcomes, 10, 'cam-1', 'unavailable', 503);
      await expect(outcomes.write()).rejects.toThrow(Outage);
      clock.advance(60_000);
    }
    store.mended = true;
    await outcomes.write();
    expect(await table()).toEqual([0, 1, 2].map((minute) => `${minute} cam-1 unavailable 10`));
  });

  test('that were not yet written are what a kill takes, and nothing more', async () => {
    const killed = open();
    add(killed, 7, 'cam-1');
    await killed.write();
    add(killed, 2, 'cam-1');
    const next = open();
    add(next, 1, 'cam-1');
    await next.write();
    expect(await table()).toEqual(['0 cam-1 queued 8']);
  });

  test('take no more than so much room, however long the database is away; none is left out', async () => {
    const store = faulty('away');
    const outcomes = open(store, 50);
    for (let minute = 0; minute < 500; minute++) {
      for (const device of ['cam-1', 'cam-2']) add(outcomes, 1, device, minute % 2 ? 'unavailable' : 'busy', 503);
      if (minute === 10) await expect(outcomes.write()).rejects.toThrow(Outage);
      clock.advance(60_000);
    }
    store.mended = true;
    await outcomes.write();
    const rows = await services.rows<Row>('ingest_outcomes');
    // What was sent with the database away, fifty sums, and one more for each code.
    expect(rows.length).toBeLessThanOrEqual(22 + 50 + 2);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    for (const code of ['busy', 'unavailable']) {
      expect(rows.filter((row) => row.code === code).reduce((sum, { count }) => sum + count, 0)).toBe(500);
    }
  });
});
