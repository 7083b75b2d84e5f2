import { expect, test } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { createRateLimit } from './rate-limit.ts';

function open(perSecond: number) {
  const clock = createManualClock(1_000_000);
  const limit = createRateLimit({ perSecond, nowMs: clock.nowMs });
  /** How many turns of so many are had at once. */
  const turns = (wanted: number, key = 'a') =>
    Array.from({ length: wanted }, () => limit.take(key)).filter(({ waitMs }) => waitMs === 0).length;
  return { clock, limit, turns };
}

test('a burst is what comes in ten seconds; after it, as many as the rate allows', () => {
  const { clock, turns } = open(5);
  expect(turns(60)).toBe(50);
  clock.advance(1_000);
  expect(turns(60)).toBe(5);
  clock.advance(100);
  expect(turns(1)).toBe(0);
  clock.advance(100);
  expect(turns(2)).toBe(1);
});

test('whoever waits as long as they are told has a turn, and not sooner', () => {
  const { clock, limit, turns } = open(3);
  turns(30);
  const { waitMs } = limit.take('a');
  expect(waitMs).toBe(334);
  clock.advance(waitMs - 1);
  expect(limit.take('a').waitMs).toBe(1);
  clock.advance(1);
  expect(limit.take('a').waitMs).toBe(0);
});

test('asking while waiting takes nothing', () => {
  const { clock, turns } = open(1);
  turns(10);
  for (let ms = 0; ms < 1_000; ms += 100) {
    expect(turns(5)).toBe(0);
    clock.advance(100);
  }
  expect(turns(5)).toBe(1);
});

test('nobody saves up more than a burst, and a clock that is set back gives nothing', () => {
  const { clock, turns } = open(2);
  clock.advance(3_600_000);
  expect(turns(100)).toBe(20);
  clock.advance(-60_000);
  expect(turns(1)).toBe(0);
  clock.advance(1_000);
  expect(turns(5)).toBe(2);
});

test('each key has turns of its own', () => {
  const { turns } = open(1);
  expect([turns(20, 'a'), turns(20, 'b')]).toEqual([10, 10]);
});

test('a rate below one a second is one too, and 0 is no limit', () => {
  const { clock, turns } = open(0.5);
  expect(turns(20)).toBe(5);
  clock.advance(2_000);
  expect(turns(20)).toBe(1);
  expect(open(0).turns(10_000)).toBe(10_000);
});

test('of very many keys the one that has been quiet longest is forgotten, and has its burst again', () => {
  const { turns } = open(1);
  turns(10, 'old');
  turns(10, 'busy');
  for (let key = 0; key < 49_999; key++) turns(1, `key-${key}`);
  expect(turns(1, 'busy')).toBe(0);
  expect(turns(1, 'old')).toBe(1);
});
