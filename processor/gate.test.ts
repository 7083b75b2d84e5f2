import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closedGate, type GateInput, stepGate } from './gate.ts';
import { readSequences } from './sequences-under-test.ts';

const SETTINGS = { lookEveryMs: 30_000, lookAfterMs: 2_000 };

describe('the gate', () => {
  for (const { title, rows } of readSequences('gate')) {
    test(title, () => {
      let gate = closedGate;
      const told = rows.map(({ input }) => {
        const [next, look] = stepGate(gate, readInput(input), SETTINGS);
        gate = next;
        return look ? 'look' : '';
      });
      expect(told).toEqual(rows.map(({ expected }) => expected));
    });
  }

  test('never is nothing looked at for longer than that, and nothing that is there is passed over', () => {
    const frame = fc.record({
      gapMs: fc.integer({ min: 0, max: 40_000 }),
      present: fc.boolean(),
      inSight: fc.boolean(),
      hasTracks: fc.boolean(),
      hasVisits: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        let [gate, atMs, lookedAtMs] = [closedGate, 0, 0];
        for (const { gapMs, ...seen } of frames) {
          atMs += gapMs;
          const [next, look] = stepGate(gate, { atMs, ...seen }, SETTINGS);
          gate = next;
          if (look) lookedAtMs = atMs;
          expect(look || !(seen.present || seen.inSight)).toBe(true);
          expect(atMs - lookedAtMs).toBeLessThan(unlookedMs(seen));
        }
      }),
    );
  });

  test('at 0 every frame is looked at', () => {
    const input = { atMs: 5, present: false, inSight: false, hasTracks: false, hasVisits: false };
    const [gate] = stepGate(closedGate, input, SETTINGS);
    expect(stepGate(gate, input, { ...SETTINGS, lookEveryMs: 0 })[1]).toBe(true);
  });
});

function unlookedMs({ hasTracks, hasVisits }: Pick<GateInput, 'hasTracks' | 'hasVisits'>): number {
  if (hasTracks) return 400;
  return hasVisits ? 1_000 : SETTINGS.lookEveryMs;
}

function readInput(given: string): GateInput {
  const [time = '', what = ''] = given.split(/\s+/);
  if (!['-', 'something', 'person', 'lost', 'visit'].includes(what)) throw new Error(`what is ${what}?`);
  return {
    atMs: Number.parseInt(time, 10),
    present: what === 'something',
    inSight: what === 'person',
    hasTracks: what === 'person' || what === 'lost',
    hasVisits: ['person', 'lost', 'visit'].includes(what),
  };
}
