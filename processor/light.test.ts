import { expect, test } from 'vitest';
import { matchLight } from './light.ts';

const room = Uint8Array.from({ length: 1_000 }, (_, cell) => 40 + ((cell * 37) % 150));
const lit = (gain: number, shift: number) =>
  room.map((grey) => Math.max(0, Math.min(255, Math.round(gain * grey + shift))));

test.each([
  [1, 0],
  [1, 40],
  [1, -30],
  [1.3, 0],
  [0.5, 20],
  [0.2, 5],
  [1.6, -20],
])('light of %f, and %f more, is told from the room alone', (gain, shift) => {
  const table = matchLight(room, lit(gain, shift));
  for (const grey of new Set(room)) {
    const expected = Math.max(0, Math.min(255, gain * grey + shift));
    // What ran into white is as white as before.
    expect(Math.abs((table[grey] ?? 0) - expected), `${grey}`).toBeLessThanOrEqual(2);
  }
});

test('also where something covers a third of it', () => {
  const now = lit(1.2, 10).map((grey, cell) => (cell % 3 === 0 ? 230 : grey));
  const table = matchLight(room, now);
  for (const grey of [50, 100, 150, 180]) expect(Math.abs((table[grey] ?? 0) - (1.2 * grey + 10))).toBeLessThan(8);
});

test('of a room of one grey, a shift is all there is to tell', () => {
  const table = matchLight(new Uint8Array(100).fill(90), new Uint8Array(100).fill(120));
  expect([table[90], table[30]]).toEqual([120, 60]);
});
