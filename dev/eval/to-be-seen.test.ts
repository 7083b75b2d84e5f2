import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../schemas/device-settings.ts';
import type { TrueBox } from '../simulate/scene.ts';
import type { Happening } from './placed-scene.ts';
import { createSights, toBeSeen } from './to-be-seen.ts';

const at = (personId: string, x: number, foot: number, visibleShare = 1): TrueBox => ({
  personId,
  x: x - 0.05,
  y: foot - 0.3,
  width: 0.1,
  height: 0.3,
  visibleShare,
});
const namesOf = (boxes: readonly TrueBox[]) => toBeSeen(boxes).map(({ personId }) => personId);

test('who is painted over is not to be seen, and who is painted last is, wherever their feet are', () => {
  expect(namesOf([at('far', 0.5, 0.7), at('near', 0.51, 0.69)])).toEqual(['near']);
  expect(namesOf([at('far', 0.5, 0.7), at('near', 0.54, 0.7)])).toEqual(['far', 'near']);
  expect(namesOf([at('behind the door', 0.5, 0.7, 0.2)])).toEqual([]);
});

describe('what happened is known', () => {
  const settings = settingsFrom({
    zones: [{ id: 'shelf', points: square(0.6, 0.6, 1, 1) }],
    lines: [
      {
        id: 'door',
        points: [
          { x: 0, y: 0.5 },
          { x: 1, y: 0.5 },
        ],
      },
    ],
  });
  const nearer = (x: number, foot: number) => at('other', x, foot + 0.02);
  const way = (what: 'in' | 'out', atMs: number): Happening => ({ what, personId: 'A', atMs, enteredAtMs: null });
  const stay: readonly Happening[] = [
    { what: 'entered', personId: 'A', atMs: 200, enteredAtMs: 200 },
    { what: 'left', personId: 'A', atMs: 600, enteredAtMs: 200 },
  ];

  test.each<{ title: string; frames: readonly (readonly TrueBox[])[]; all: readonly Happening[]; known: number }>([
    {
      title: 'of a way that is drawn on both sides of the line',
      frames: [[at('A', 0.3, 0.4)], [at('A', 0.3, 0.4), nearer(0.3, 0.4)], [at('A', 0.3, 0.6)]],
      all: [way('in', 400)],
      known: 1,
    },
    {
      title: 'but not where they are covered until they are through',
      frames: [[at('A', 0.3, 0.4), nearer(0.3, 0.4)], [at('A', 0.3, 0.6)]],
      all: [way('in', 200)],
      known: 0,
    },
    {
      title: 'nor from then until they are gone',
      frames: [[at('A', 0.3, 0.6)], [at('A', 0.3, 0.4), nearer(0.3, 0.4)]],
      all: [way('out', 200)],
      known: 0,
    },
    {
      title: 'of each of two ways for itself',
      frames: [[at('A', 0.3, 0.4)], [at('A', 0.3, 0.6)], [at('A', 0.3, 0.4), nearer(0.3, 0.4)]],
      all: [way('in', 200), way('out', 400)],
      known: 1,
    },
    {
      title: 'of a stay that one frame shows',
      frames: [[], [at('A', 0.8, 0.8), nearer(0.8, 0.8)], [at('A', 0.8, 0.8)], [at('A', 0.3, 0.8)]],
      all: stay,
      known: 2,
    },
    {
      title: 'and of none that is covered from first to last',
      frames: [[at('A', 0.3, 0.8)], [at('A', 0.8, 0.8), nearer(0.8, 0.8)], [], [at('A', 0.8, 0.8)]],
      all: stay,
      known: 0,
    },
  ])('$title', ({ frames, all, known }) => {
    const sights = createSights(settings);
    for (const [index, boxes] of frames.entries()) sights.step(index * 200, boxes);
    expect(sights.known(all)).toHaveLength(known);
  });
});

function square(left: number, top: number, right: number, bottom: number) {
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}
