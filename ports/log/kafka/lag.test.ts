import { expect, test } from 'vitest';
import { measureAges } from './lag.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** A partition with one record a second, the newest of them just now. */
const onePerSecond = (count: number) => async (ageMs: number) =>
  new Map([[0, BigInt(Math.max(0, count - 1 - Math.floor(ageMs / SECOND_MS)))]]);

test.each([
  ['seconds', 10, 3],
  ['minutes', 1_000, 600],
  ['an hour', 4_000, 3_600],
])('an age of %s is found to within an eighth, and never overstated', async (_, count, ageSeconds) => {
  const from = BigInt(count - 1 - ageSeconds);
  const ages = await measureAges([{ partition: 0, from }], onePerSecond(count));
  const ageMs = ages.get(0) ?? 0;
  expect(ageMs).toBeLessThanOrEqual(ageSeconds * SECOND_MS);
  expect(ageMs).toBeGreaterThanOrEqual(ageSeconds * SECOND_MS * (7 / 8) - SECOND_MS);
});

test('what has just come has no age worth telling', async () => {
  const ages = await measureAges([{ partition: 0, from: 9n }], onePerSecond(10));
  expect(ages.get(0)).toBe(0);
});

test('partitions share the questions', async () => {
  let asked = 0;
  const waiting = Array.from({ length: 12 }, (_, partition) => ({ partition, from: 0n }));
  const begins = async (ageMs: number) => {
    asked += 1;
    return new Map(waiting.map(({ partition }) => [partition, ageMs < HOUR_MS ? 1n : 0n]));
  };
  const ages = await measureAges(waiting, begins);
  expect(new Set(ages.values()).size).toBe(1);
  expect(asked).toBeLessThan(25);
});
