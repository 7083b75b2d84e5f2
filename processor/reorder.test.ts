import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Arrived,
  HELD_MAX,
  heldDueMs,
  nothingHeld,
  passTime,
  type Reorder,
  releaseAll,
  takeIn,
} from './reorder.ts';
import { readSequences } from './sequences-under-test.ts';

describe('frames are put in order', () => {
  for (const { title, rows } of readSequences('reorder')) {
    test(title, () => {
      let reorder: Reorder<Arrived> = nothingHeld;
      const told = rows.map(({ input }) => {
        const [word = '', time = ''] = input.split(/\s+/);
        const atMs = Number.parseInt(time, 10);
        const [next, released] =
          word === 'control'
            ? releaseAll(reorder)
            : word === 'tick'
              ? passTime(reorder, atMs)
              : takeIn(reorder, arrivalOf(word, atMs));
        reorder = JSON.parse(JSON.stringify(next));
        return released.map(nameOf).join(' ');
      });
      expect(told).toEqual(rows.map(({ expected }) => expected));
    });
  }
});

describe('whatever comes', () => {
  const anyArrivals = fc.array(
    fc.record({
      epoch: fc.constantFrom(0, 0, 1, 1, 1, 2, 3),
      seq: fc.integer({ min: 0, max: 300 }),
      captured_at: fc.oneof(fc.integer({ min: 0, max: 4_000 }), fc.constantFrom(60_000, 3_600_000)),
    }),
    { maxLength: 300 },
  );

  test('each is released once, and no more are held than there is room for', () => {
    fc.assert(
      fc.property(anyArrivals, (frames) => {
        let reorder: Reorder<Arrived> = nothingHeld;
        const released: Arrived[] = [];
        for (const frame of frames) {
          const [next, some] = takeIn(reorder, { frame });
          expect(next.held.length).toBeLessThanOrEqual(HELD_MAX);
          released.push(...some);
          reorder = next;
        }
        const [last, rest] = releaseAll(reorder);
        expect(last.held).toEqual([]);
        const all = [...released, ...rest].map(({ frame }) => frame);
        expect(new Set(all).size).toBe(all.length);
        expect(new Set(all)).toEqual(new Set(frames));
      }),
    );
  });

  test('a tick after the moment that is told releases something, and one at it nothing', () => {
    fc.assert(
      fc.property(anyArrivals, (frames) => {
        let reorder: Reorder<Arrived> = nothingHeld;
        for (const frame of frames) [reorder] = takeIn(reorder, { frame });
        for (let due = heldDueMs(reorder); due !== null; due = heldDueMs(reorder)) {
          expect(passTime(reorder, due)).toEqual([reorder, []]);
          const [next, released] = passTime(reorder, due + 1);
          expect(released.length).toBeGreaterThan(0);
          reorder = next;
        }
        expect(reorder.held).toEqual([]);
      }),
    );
  });

  test('when more wait than there is room for, the first in line are released', () => {
    let reorder: Reorder<Arrived> = nothingHeld;
    const released = Array.from({ length: HELD_MAX + 6 }, (_, at) => 200 - 2 * at).flatMap((seq) => {
      const [next, some] = takeIn(reorder, arrivalOf(`1/${seq}`, seq));
      reorder = next;
      return some;
    });
    const first = 200 - 2 * HELD_MAX;
    expect(released.map(nameOf)).toEqual([0, 2, 4, 6, 8, 10].map((less) => `1/${first - less}`));
    expect(releaseAll(reorder)[1].map(nameOf)).toEqual(
      Array.from({ length: HELD_MAX }, (_, at) => `1/${first + 2 + 2 * at}`),
    );
  });
});

function arrivalOf(name: string, captured_at: number): Arrived {
  const [epoch = Number.NaN, seq = Number.NaN] = name.split('/').map(Number);
  return { frame: { epoch, seq, captured_at } };
}

function nameOf({ frame: { epoch, seq } }: Arrived): string {
  return `${epoch}/${seq}`;
}
