import { describe, expect, test } from 'vitest';
import {
  coveredShare,
  doubtOf,
  type EvenBox,
  evenBox,
  firstSeen,
  later,
  meeting,
  seenAt,
  type Whereabouts,
} from './whereabouts.ts';

const box: EvenBox = { x: 0.5, y: 0.5, width: 0.1, height: 0.3 };

describe('whereabouts', () => {
  test('at any rate of frames, who walks is expected where they will be', () => {
    for (const paceMs of [40, 200, 500]) {
      const walking = walk({ paceMs, steps: Math.ceil(2_000 / paceMs), speedX: 0.2 });
      const ahead = later(walking, 200).x - walking.x;
      expect(ahead, `one frame in ${paceMs} ms`).toBeGreaterThan(0.025);
      expect(ahead, `one frame in ${paceMs} ms`).toBeLessThan(0.045);
    }
  });

  test('nobody walks on straight for half a minute', () => {
    const walking = walk({ paceMs: 200, steps: 10, speedX: 0.2 });
    expect(later(walking, 30_000).x - walking.x).toBeLessThan(0.4);
  });

  test('two spans are as one', () => {
    const walking = walk({ paceMs: 200, steps: 3, speedX: 0.2 });
    const [once, twice] = [later(walking, 1_500), later(later(walking, 300), 1_200)];
    for (const member of Object.keys(once) as (keyof Whereabouts)[]) {
      expect(twice[member], member).toBeCloseTo(once[member], 5);
    }
  });

  test('no time changes nothing', () => {
    const walking = walk({ paceMs: 200, steps: 3, speedX: 0.2 });
    expect(later(walking, 0)).toEqual(walking);
  });

  test('doubt grows with time and with being seen it goes', () => {
    const where = walk({ paceMs: 200, steps: 5, speedX: 0 });
    const doubts = [0, 200, 1_000, 5_000, 30_000, 1e12].map((ms) => doubtOf(later(where, ms)));
    expect(doubts).toEqual(doubts.toSorted((a, b) => a - b));
    expect(doubts[1]).toBeLessThan(0.15);
    expect(doubts[4]).toBeGreaterThan(0.9);
    expect(doubts[5]).toBeLessThanOrEqual(1);
    expect(doubtOf(seenAt(later(where, 30_000), box))).toBeLessThan(0.1);
  });

  test('boxes meet further the longer ago it was', () => {
    const where = walk({ paceMs: 200, steps: 5, speedX: 0 });
    const there = { ...box, x: 0.75 };
    expect(meeting(where, box)).toBeGreaterThan(0.9);
    expect(meeting(where, there)).toBe(0);
    expect(meeting(later(where, 5_000), there)).toBeGreaterThan(0.3);
  });

  test('a box of nothing is no reason for NaN', () => {
    const nothing = evenBox({ x: 0.3, y: 0.3, width: 0, height: 0 }, 4 / 3);
    const where = seenAt(later(firstSeen(nothing), 1_000), nothing);
    expect(Object.values(where).filter((number) => !Number.isFinite(number))).toEqual([]);
    expect(coveredShare(nothing, nothing)).toBeCloseTo(1);
  });
});

function walk({ paceMs, steps, speedX }: { paceMs: number; steps: number; speedX: number }): Whereabouts {
  let where = firstSeen(box);
  for (let step = 1; step <= steps; step += 1) {
    where = seenAt(later(where, paceMs), { ...box, x: box.x + (speedX * step * paceMs) / 1_000 });
  }
  return where;
}
