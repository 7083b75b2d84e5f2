import { describe, expect, test } from 'vitest';
import { createSort } from './sort.ts';

const at = (left: number, top = 100) => ({ left, top, width: 40, height: 100 });

describe('SORT', () => {
  test('tells of who is there from the first frames on, and keeps their number', () => {
    const step = createSort();
    const told = [10, 14, 18, 22, 26].map((left) => step([at(left), at(300 - left)]).map(({ id }) => id));
    expect(told).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  test('later, of who comes only once they were met in three frames more', () => {
    const step = createSort();
    for (let frame = 0; frame < 4; frame += 1) step([at(10)]);
    const told = [200, 202, 204, 206].map((left) => step([at(10), at(left)]).map(({ id }) => id));
    expect(told).toEqual([[1], [1], [1], [1, 2]]);
  });

  test('forgets who is missed twice, and tells nothing of a frame without', () => {
    const step = createSort();
    for (let frame = 0; frame < 4; frame += 1) step([at(10)]);
    expect(step([])).toEqual([]);
    expect(step([at(10)])).toEqual([]);
    step([]);
    step([]);
    const after = Array.from({ length: 4 }, () => step([at(10)]).map(({ id }) => id));
    expect(after).toEqual([[], [], [], [2]]);
  });

  test('follows a steady walk, and the box is near the one that is seen', () => {
    const step = createSort();
    let told: readonly { readonly left: number; readonly width: number }[] = [];
    for (let frame = 0; frame < 20; frame += 1) told = step([at(10 + frame * 6)]);
    expect(told[0]?.left).toBeCloseTo(124, 0);
    expect(told[0]?.width).toBeCloseTo(40, 0);
  });

  test('does not join what overlaps by less than 0.3', () => {
    const step = createSort();
    step([at(10)]);
    expect(step([at(34)]).map(({ id }) => id)).toEqual([2]);
  });
});
