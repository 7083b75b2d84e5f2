import fc from 'fast-check';
import { expect, test } from 'vitest';
import { awaitedMs, GAP_MAX_MS } from './pace.ts';

test('two and a half paces of a slow camera, in whole milliseconds, two minutes at most', () => {
  expect(awaitedMs({ usualMs: 10_000, paceMs: 200 })).toBe(10_000);
  expect(awaitedMs({ usualMs: 10_000, paceMs: 30_000 })).toBe(75_000);
  expect(awaitedMs({ usualMs: 10_000, paceMs: 90_000 })).toBe(GAP_MAX_MS);
  fc.assert(
    fc.property(fc.nat(GAP_MAX_MS), (paceMs) => {
      const awaited = awaitedMs({ usualMs: 0, paceMs });
      expect(Number.isInteger(awaited)).toBe(true);
      expect(awaited).toBeGreaterThanOrEqual(Math.min(2.5 * paceMs, GAP_MAX_MS));
    }),
  );
});
