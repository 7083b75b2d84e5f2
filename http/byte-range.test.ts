import { expect, test } from 'vitest';
import { byteRange } from './byte-range.ts';

const part = (first: number, last: number) => ({ first, last });

test.each([
  [undefined, null],
  ['bytes=0-0', part(0, 0)],
  ['bytes=2-4', part(2, 4)],
  ['bytes = 2 - 4', part(2, 4)],
  ['bytes=7-', part(7, 9)],
  ['bytes=7-99', part(7, 9)],
  ['bytes=-3', part(7, 9)],
  ['bytes=-99', part(0, 9)],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=10-12', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=4-2', null],
  ['bytes=-', null],
  ['bytes=', null],
  ['bytes=a-b', null],
  ['bytes=1-2,4-5', null],
  ['items=1-2', null],
  ['bytes=1.5-2', null],
] as const)('of ten bytes, %s', (header, wanted) => {
  expect(byteRange(header, 10)).toEqual(wanted);
});

test('of nothing there is no part', () => {
  expect(['bytes=0-', 'bytes=-1'].map((header) => byteRange(header, 0))).toEqual(['unsatisfiable', 'unsatisfiable']);
});
