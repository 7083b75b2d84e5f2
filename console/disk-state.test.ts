import { expect, test } from 'vitest';
import { type DiskState, diskState, FULL_BYTES, lastsS, worstOf } from './disk-state.ts';

const GIB = 2 ** 30;
const limits = { lowBytes: 2 * GIB, lowShare: 0.1 };
const HOUR_MS = 3_600_000;

test.each<[used: number, free: number, names: number | null, given: Partial<typeof limits>, state: DiskState]>([
  [50, 50, 0.5, {}, 'ok'],
  [50, 50, null, {}, 'ok'],
  [90, 10, 0.5, {}, 'ok'],
  [90.1, 9.9, 0.5, {}, 'low'],
  // A small card: a fifth of it is free, and yet it is not much.
  [8, 2, 0.5, {}, 'ok'],
  [8, 1.9, 0.5, {}, 'low'],
  [8, 1.9, 0.5, { lowBytes: 0 }, 'ok'],
  [9, 0.5, 0.5, { lowBytes: 0, lowShare: 0 }, 'ok'],
  [50, FULL_BYTES / GIB, 0.5, {}, 'low'],
  [50, (FULL_BYTES - 1) / GIB, 0.5, {}, 'full'],
  [50, 0, 0.5, { lowBytes: 0, lowShare: 0 }, 'full'],
  // All bytes are of no use without a name for them.
  [50, 50, 0.09, {}, 'low'],
  [50, 50, 0, {}, 'full'],
])('%f GiB used, %f GiB free, of the names %s, with %j: %s', (used, free, freeNamesShare, given, state) => {
  const room = { totalBytes: 1_000 * GIB, usedBytes: used * GIB, freeBytes: free * GIB, freeNamesShare };
  expect(diskState(room, { ...limits, ...given })).toBe(state);
});

test.each<[states: DiskState[], worst: DiskState]>([
  [['ok', 'low', 'ok'], 'low'],
  [['low', 'full', 'ok'], 'full'],
  [['full', 'unreachable'], 'unreachable'],
  [['ok'], 'ok'],
  [[], 'ok'],
])('of %j the worst is %s', (states, worst) => {
  expect(worstOf(states)).toBe(worst);
});

test.each<[free: number, bytes: number, spanMs: number, seconds: number | null]>([
  [600, 100, HOUR_MS, 6 * 3_600],
  [600, 0, HOUR_MS, null],
  [0, 100, HOUR_MS, 0],
  // The first picture has just come.
  [600, 100, 1, 6 * 600],
])('%i bytes free, %i stored within %i ms: they last %s s', (free, bytes, spanMs, seconds) => {
  expect(lastsS(free, { bytes, spanMs })).toBe(seconds);
});
