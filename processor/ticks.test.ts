import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import type { LogRecord } from '../ports/log/log.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { createTicks } from './ticks.ts';

/** A device that waits from `newestAtMs` on, for what a second of silence settles unless it says how much. */
interface State {
  readonly newestAtMs: number;
  readonly open: boolean;
  readonly afterMs?: number;
}

function setUp() {
  const clock = createManualClock(50_000);
  const appended: { readonly topic: string; readonly record: LogRecord }[] = [];
  const outage = { is: false, times: 0 };
  const wall = { aheadMs: 0 };
  const asked: State[] = [];
  const answer = { begun: 0, comes: Promise.resolve() };
  const log = {
    async append(topic: string, records: readonly LogRecord[]) {
      answer.begun += 1;
      await answer.comes;
      if (outage.is) {
        outage.times += 1;
        throw new Outage('the log', 'does not answer');
      }
      appended.push(...records.map((record) => ({ topic, record })));
    },
  };
  const ticks = createTicks<State>({
    log,
    codec: fixedCodec,
    clock: { nowMs: () => clock.nowMs() + wall.aheadMs },
    monotonicMs: clock.nowMs,
    topic: 'frames',
    silenceOf: (state) => {
      asked.push(state);
      const { newestAtMs, open, afterMs = 1_000 } = state;
      return open ? { newestAtMs, afterMs } : null;
    },
    logger: { debug: () => undefined, warn: () => undefined, error: () => undefined },
    lookEveryMs: 1,
  });
  const told = () =>
    appended.map(({ topic, record }) => {
      const decoded = fixedCodec.decode(record.value ?? Buffer.alloc(0));
      if (decoded.name !== 'control' || decoded.value.body.kind !== 'TickControl') throw new Error('no tick');
      const { device_id, body, issued_at } = decoded.value;
      return { topic, key: record.key, device_id, at: body.at, issued_at };
    });
  /** Each time a device's state is another object, the next look asks what is open in it. */
  const isAsked = (times: number) => expect.poll(() => asked.length, { interval: 1 }).toBe(times);
  return { clock, wall, ticks, told, outage, isAsked, answer };
}

async function running(ticks: { run(signal: AbortSignal): Promise<void> }, meanwhile: () => Promise<void>) {
  const stop = new AbortController();
  const run = ticks.run(stop.signal);
  await meanwhile();
  stop.abort();
  await run;
}

/** Long enough for many looks. */
const look = () => sleep(30);

test('a device of which no tick can be written does not keep the others from theirs', async () => {
  const { clock, ticks, told } = setUp();
  // No half milliseconds fit into a record.
  ticks.watch(
    0,
    new Map(['odd', 'next'].map((id) => [id, { newestAtMs: 7_000, open: true, afterMs: id === 'odd' ? 0.5 : 1 }])),
  );
  ticks.watch(1, new Map([['other', { newestAtMs: 7_000, open: true }]]));
  await running(ticks, async () => {
    clock.advance(1_000);
    await expect
      .poll(
        () =>
          told()
            .map(({ key }) => key)
            .toSorted(),
        { interval: 1 },
      )
      .toEqual(['next', 'other']);
  });
});

test('a silent device with something open is told once how far time has come', async () => {
  const { clock, ticks, told } = setUp();
  const devices = new Map([
    ['open', { newestAtMs: 7_000, open: true }],
    ['settled', { newestAtMs: 7_000, open: false }],
  ]);
  ticks.watch(0, devices);
  await running(ticks, async () => {
    clock.advance(999);
    await look();
    expect(told()).toEqual([]);
    clock.advance(2);
    await expect.poll(told).toHaveLength(1);
    clock.advance(60_000);
    await look();
  });
  expect(told()).toEqual([{ topic: 'frames', key: 'open', device_id: 'open', at: 8_000, issued_at: 51_001 }]);
});

test('silence counts from the last commit that changed the device, and begins anew with each', async () => {
  const { clock, ticks, told } = setUp();
  const [first, second] = [
    { newestAtMs: 7_000, open: true },
    { newestAtMs: 7_800, open: true },
  ];
  const other = { newestAtMs: 1_000, open: true };
  ticks.watch(0, new Map([['a', first]]));
  await running(ticks, async () => {
    clock.advance(800);
    ticks.watch(
      0,
      new Map([
        ['a', second],
        ['b', other],
      ]),
    );
    clock.advance(300);
    await look();
    expect(told()).toEqual([]);
    // A commit of the same partition that left it as it was.
    ticks.watch(
      0,
      new Map([
        ['a', second],
        ['b', { ...other }],
      ]),
    );
    clock.advance(700);
    await expect.poll(told).toMatchObject([{ key: 'a', at: 8_800 }]);
    clock.advance(300);
    await expect.poll(told).toMatchObject([{ key: 'a' }, { key: 'b', at: 2_000 }]);
    ticks.watch(0, new Map([['a', { newestAtMs: 9_000, open: true }]]));
    clock.advance(1_500);
    await expect.poll(told).toMatchObject([{ key: 'a' }, { key: 'b' }, { key: 'a', at: 10_000 }]);
  });
});

test('what a tick changed leaves the device as silent as it was', async () => {
  const { clock, ticks, told } = setUp();
  ticks.watch(0, new Map([['a', { newestAtMs: 7_000, open: true }]]));
  await running(ticks, async () => {
    clock.advance(1_000);
    await expect.poll(told).toHaveLength(1);
    ticks.watch(0, new Map([['a', { newestAtMs: 7_000, open: true, afterMs: 5_000 }]]));
    clock.advance(3_999);
    await look();
    expect(told()).toHaveLength(1);
    clock.advance(1);
    await expect.poll(told).toMatchObject([{ at: 8_000 }, { at: 12_000 }]);
  });
});

test('a log that cannot be appended to gets it later', async () => {
  const { clock, ticks, told, outage } = setUp();
  ticks.watch(3, new Map([['a', { newestAtMs: 7_000, open: true }]]));
  outage.is = true;
  clock.advance(1_000);
  await running(ticks, async () => {
    await expect.poll(() => outage.times).toBeGreaterThan(1);
    outage.is = false;
    clock.advance(500);
    await expect.poll(told).toMatchObject([{ key: 'a', at: 8_000 }]);
  });
});

test('a partition that is opened again and again with what was there before is told nothing twice', async () => {
  const { clock, ticks, told, isAsked } = setUp();
  const open = () => ticks.watch(0, new Map([['a', { newestAtMs: 7_000, open: true }]]));
  open();
  await running(ticks, async () => {
    clock.advance(1_000);
    await expect.poll(told).toHaveLength(1);
    for (let times = 1; times <= 10; times += 1) {
      open();
      clock.advance(5_000);
      await isAsked(1 + times);
    }
  });
  expect(told()).toHaveLength(1);
});

test('silence is as long as it is, whatever becomes of the wall clock', async () => {
  const { clock, wall, ticks, told, isAsked } = setUp();
  const hourMs = 3_600_000;
  const first = { newestAtMs: 7_000, open: true };
  ticks.watch(0, new Map([['a', first]]));
  await running(ticks, async () => {
    wall.aheadMs = hourMs;
    await isAsked(1);
    ticks.watch(
      0,
      new Map([
        ['a', first],
        ['b', { newestAtMs: 1_000, open: false }],
      ]),
    );
    await isAsked(2);
    expect(told()).toEqual([]);
    wall.aheadMs = -hourMs;
    clock.advance(1_000);
    await expect.poll(told).toMatchObject([{ key: 'a', at: 8_000, issued_at: 51_000 - hourMs }]);
  });
});

test('of a partition that is forgotten nothing is told, and all anew when it is back', async () => {
  const { clock, ticks, told } = setUp();
  const lost = new Map([['lost', { newestAtMs: 7_000, open: true }]]);
  ticks.watch(0, lost);
  ticks.watch(1, new Map([['kept', { newestAtMs: 7_000, open: true }]]));
  await running(ticks, async () => {
    ticks.forget(0);
    clock.advance(1_000);
    await expect.poll(told).toMatchObject([{ key: 'kept' }]);
    ticks.watch(0, lost);
    clock.advance(1_000);
    await expect.poll(told).toMatchObject([{ key: 'kept' }, { key: 'lost' }]);
    ticks.forget(0);
    ticks.watch(0, lost);
    clock.advance(1_000);
    await expect.poll(told).toMatchObject([{ key: 'kept' }, { key: 'lost' }, { key: 'lost' }]);
  });
});

test('a partition that is forgotten while one of its devices is told has no other told', async () => {
  const { clock, ticks, told, answer } = setUp();
  let letGo = () => {};
  answer.comes = new Promise((resolve) => {
    letGo = resolve;
  });
  const state = { newestAtMs: 7_000, open: true };
  ticks.watch(
    0,
    new Map([
      ['a', state],
      ['b', state],
    ]),
  );
  await running(ticks, async () => {
    clock.advance(1_000);
    await expect.poll(() => answer.begun).toBe(1);
    ticks.forget(0);
    letGo();
  });
  expect(told()).toMatchObject([{ key: 'a' }]);
});
