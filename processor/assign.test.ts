import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import { assign } from './assign.ts';

const SEED = 20_250_301;

describe('assign', () => {
  test('takes the greatest sum, not the greatest pair', () => {
    expect(
      assign([
        [0.9, 0.8],
        [0.8, 0.1],
      ]),
    ).toEqual([1, 0]);
  });

  test('leaves apart whom nothing joins', () => {
    expect(
      assign([
        [0, 0.5, 0],
        [0, 0.4, 0],
      ]),
    ).toEqual([1, null]);
    expect(assign([[-1]])).toEqual([null]);
  });

  test('takes nobody, and either side alone', () => {
    expect(assign([])).toEqual([]);
    expect(assign([[], []])).toEqual([null, null]);
    expect(assign([[0.2], [0.3], [0.1]])).toEqual([null, 0, null]);
  });

  test(`finds what trying all finds (seed ${SEED})`, () => {
    const random = createRandom(SEED, 'assign');
    for (let round = 0; round < 500; round += 1) {
      const weights = someWeights(random);
      const pairs = assign(weights);
      const taken = pairs.filter((column) => column !== null);
      expect(new Set(taken).size, `round ${round}`).toBe(taken.length);
      const sum = pairs.reduce<number>(
        (all, column, row) => all + (column === null ? 0 : weightAt(weights, row, column)),
        0,
      );
      expect(sum, `round ${round} of ${JSON.stringify(weights)}`).toBeCloseTo(bestSum(weights, 0, new Set()), 10);
    }
  });
});

/** Up to six a side; a third of the pairs cannot be, and many are equal. */
function someWeights(random: Random): number[][] {
  const [rows, columns] = [1 + Math.floor(random.between(0, 6)), 1 + Math.floor(random.between(0, 6))];
  const coarse = random.chance(0.5);
  const weight = () => (random.chance(0.33) ? 0 : coarse ? Math.ceil(random.next() * 3) / 3 : random.next());
  return Array.from({ length: rows }, () => Array.from({ length: columns }, weight));
}

function bestSum(weights: readonly (readonly number[])[], row: number, taken: ReadonlySet<number>): number {
  const mine = weights[row];
  if (!mine) return 0;
  const alone = bestSum(weights, row + 1, taken);
  const withOne = mine.map((weight, column) =>
    taken.has(column) ? 0 : weight + bestSum(weights, row + 1, new Set([...taken, column])),
  );
  return Math.max(alone, ...withOne);
}

function weightAt(weights: readonly (readonly number[])[], row: number, column: number): number {
  return weights[row]?.[column] ?? Number.NaN;
}
