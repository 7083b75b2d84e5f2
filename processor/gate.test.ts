import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closedGate, type GateInput, stepGate } from './gate.ts';

const SETTINGS = { lookEveryMs: 30_000, lookAfterMs: 2_000 };

describe('the gate', () => {
  for (const { title, rows } of readSequences('sequences/gate.txt')) {
    test(title, () => {
      let gate = closedGate;
      const told = rows.map(({ input }) => {
        const [next, { look, reason }] = stepGate(gate, input, SETTINGS);
        gate = next;
        return `${look ? 'look' : 'no'}: ${reason}`;
      });
      expect(told).toEqual(rows.map(({ expected }) => expected));
    });
  }

  test('never is nothing looked at for longer than that, and nothing that is there is passed over', () => {
    const frame = fc.record({
      gapMs: fc.integer({ min: 0, max: 40_000 }),
      present: fc.boolean(),
      hasTracks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), (frames) => {
        let [gate, atMs, lookedAtMs] = [closedGate, 0, 0];
        for (const { gapMs, ...seen } of frames) {
          atMs += gapMs;
          const [next, { look, reason }] = stepGate(gate, { atMs, ...seen }, SETTINGS);
          gate = next;
          if (look) lookedAtMs = atMs;
          expect(look || !(seen.present || seen.hasTracks)).toBe(true);
          expect(atMs - lookedAtMs).toBeLessThan(SETTINGS.lookEveryMs);
          expect(look).toBe(reason !== 'still');
        }
      }),
    );
  });

  test('at 0 every frame is looked at', () => {
    const input = { atMs: 5, present: false, hasTracks: false };
    const [gate] = stepGate(closedGate, input, SETTINGS);
    expect(stepGate(gate, input, { ...SETTINGS, lookEveryMs: 0 })[1]).toEqual({ look: true, reason: 'periodic' });
  });
});

function readSequences(file: string) {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const blocks = text
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((line) => line.trim() && !line.startsWith('#')));
  return blocks
    .filter((lines) => lines.length > 0)
    .map(([title = '', ...rows]) => ({ title, rows: rows.map(readRow) }));
}

function readRow(line: string): { readonly input: GateInput; readonly expected: string } {
  const [given = '', expected = ''] = line.split('|');
  const [time = '', what = ''] = given.trim().split(/\s+/);
  if (!['-', 'something', 'person'].includes(what)) throw new Error(`what is ${what}?`);
  const input = { atMs: Number.parseInt(time, 10), present: what === 'something', hasTracks: what === 'person' };
  return { input, expected: expected.trim() };
}
