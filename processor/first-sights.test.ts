import { expect, test } from 'vitest';
import { CLASSES_MAX, type SeenClass, stepFirstSights } from './first-sights.ts';

const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
const thing = (className: string, confidence = 0.8, x = 0.1) => ({ className, confidence, box: { ...box, x } });
const frameAt = (atMs: number) => ({
  frameId: `frame ${atMs}`,
  frameSeq: atMs,
  atMs,
  timeQuality: 'ntp' as const,
  model: 'm@1',
});

interface Seen {
  readonly atMs: number;
  readonly things: string;
  readonly wanted?: boolean;
}

/** What is told, as `class at`. Things are words. */
function toldOf(seen: readonly Seen[], cooldownMs = 1_000): readonly string[] {
  let classes: readonly SeenClass[] = [];
  return seen.flatMap(({ atMs, things, wanted = true }) => {
    const objects = things
      .split(' ')
      .filter(Boolean)
      .map((word) => thing(word));
    const [next, told] = stepFirstSights(classes, frameAt(atMs), objects, { cooldownMs, wanted });
    classes = next;
    return told.map(({ object }) => `${object.className} ${atMs}`);
  });
}

test.each<[string, readonly Seen[], readonly string[]]>([
  [
    'the first sight of each class is told, in the order of their names',
    [
      { atMs: 0, things: 'person car car' },
      { atMs: 500, things: 'car' },
    ],
    ['car 0', 'person 0'],
  ],
  [
    'what is seen again and again is told once, however long that takes',
    [0, 900, 1_800, 2_700].map((atMs) => ({ atMs, things: 'car' })),
    ['car 0'],
  ],
  [
    'what was not seen for as long as the cool-down is told again',
    [
      { atMs: 0, things: 'car' },
      { atMs: 999, things: '' },
      { atMs: 1_000, things: 'car' },
    ],
    ['car 0', 'car 1000'],
  ],
  [
    'a class that is seen says nothing of another',
    [
      { atMs: 0, things: 'car' },
      { atMs: 500, things: 'dog' },
      { atMs: 1_400, things: 'car' },
    ],
    ['car 0', 'dog 500', 'car 1400'],
  ],
  [
    'where it is switched off nothing is told, and what was seen meanwhile is not remembered',
    [
      { atMs: 0, things: 'car', wanted: false },
      { atMs: 100, things: 'car' },
      { atMs: 200, things: 'car', wanted: false },
      { atMs: 300, things: 'car' },
    ],
    ['car 100', 'car 300'],
  ],
])('%s', (_, seen, told) => {
  expect(toldOf(seen)).toEqual(told);
});

test('of several of a class the surest is told of, whichever is listed first', () => {
  const cars = [thing('car', 0.6), thing('car', 0.9, 0.5), thing('car', 0.9, 0.3)];
  for (const objects of [cars, cars.toReversed()]) {
    const [, told] = stepFirstSights([], frameAt(0), objects, { cooldownMs: 1_000, wanted: true });
    expect(told.map(({ object }) => object)).toEqual([thing('car', 0.9, 0.3)]);
  }
});

test('what is remembered has a bound', () => {
  const objects = Array.from({ length: 3 * CLASSES_MAX }, (_, at) => thing(`thing ${at} ${'x'.repeat(200)}`));
  const [classes] = stepFirstSights([], frameAt(0), objects, { cooldownMs: 1_000, wanted: true });
  expect(classes).toHaveLength(CLASSES_MAX);
  expect(Math.max(...classes.map(({ className }) => className.length))).toBe(64);
});
