import { expect, test } from 'vitest';
import type { Candidate } from './layouts/layout.ts';
import { suppress } from './suppress.ts';

const box = (left: number, confidence: number, classIndex = 0): Candidate => ({
  left,
  top: 0,
  right: left + 10,
  bottom: 10,
  confidence,
  classIndex,
});

test('of boxes that overlap by more than is allowed, the surest stays', () => {
  // Shifted by 2 of 10, two boxes share 8 of 12.
  const [sure, surer] = [box(0, 0.6), box(2, 0.7)];
  expect(suppress([sure, surer], 0.66)).toEqual([surer]);
  expect(suppress([sure, surer], 0.67)).toEqual([surer, sure]);
});

test('what was suppressed suppresses nothing', () => {
  expect(suppress([box(0, 0.9), box(3, 0.8), box(6, 0.7)], 0.5)).toEqual([box(0, 0.9), box(6, 0.7)]);
});

test('boxes of other classes do not count, nor such as only touch', () => {
  const all = [box(0, 0.9), box(0, 0.8, 1), box(10, 0.7)];
  expect(suppress(all, 0)).toEqual(all);
});

test('of equally sure ones, the first', () => {
  expect(suppress([box(1, 0.5), box(0, 0.5)], 0.5)).toEqual([box(1, 0.5)]);
});

test('a picture full of noise takes no time', () => {
  const noise = Array.from({ length: 100_000 }, (_, at) => box(at * 20, 0.01 + (at % 997) / 1_000));
  const kept = suppress(noise, 0.5);
  expect(kept).toHaveLength(300);
  expect(kept[0]?.confidence).toBeCloseTo(1.006);
});
