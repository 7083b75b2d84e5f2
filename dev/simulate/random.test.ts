import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, hashSeed, valueAt } from './random.ts';

describe('seeded chance', () => {
  test('repeats itself for the same seed, and stays in 0..1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer(), fc.string()), { minLength: 1 }),
        fc.integer(),
        fc.integer(),
        (seed, x, y) => {
          const [one, other] = [createRandom(...seed), createRandom(...seed)];
          const drawn = Array.from({ length: 20 }, () => one.next());
          expect(Array.from({ length: 20 }, () => other.next())).toEqual(drawn);
          for (const value of [...drawn, valueAt(hashSeed(...seed), x, y)]) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThan(1);
          }
        },
      ),
    );
  });

  test('tells seeds apart by their parts, not by their text alone', () => {
    expect(hashSeed('a', 'b')).not.toBe(hashSeed('ab'));
    expect(hashSeed(1, 12)).not.toBe(hashSeed(11, 2));
  });

  test('is even enough', () => {
    const random = createRandom('even');
    const tenths = new Array<number>(10).fill(0);
    for (let drawn = 0; drawn < 10_000; drawn++) {
      const tenth = Math.floor(random.next() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
    const firsts = Array.from({ length: 2000 }, (_, seed) => createRandom(seed, 'x').next());
    expect(Math.abs(firsts.reduce((sum, value) => sum + value, 0) / firsts.length - 0.5)).toBeLessThan(0.03);
  });
});
