import { describe, expect, test } from 'vitest';
import { valueAt } from '../dev/simulate/random.ts';
import { builtInSettings } from '../schemas/device-settings.ts';
import { type Background, type Sensed, senseMotion } from './background.ts';
import { motionGrid } from './motion.ts';
import { createStillLife, type Moment, type Thing } from './still-life-under-test.ts';

const { motion_cell_change: cellChangeMin, motion_score: scoreMin } = builtInSettings.thresholds;
const START_MS = Date.UTC(2026, 0, 5, 22, 0, 0);
const ABSORB_MS = 60_000;

interface Watched extends Sensed {
  readonly seed: number;
  readonly atMs: number;
}

/** What is sensed of a room at so many frames, one in `stepMs`; `sigma` is the noise of a pixel. */
function watch(
  {
    seed,
    sigma = 4,
    stepMs,
    frames,
    hasTracks = false,
  }: {
    seed: number;
    sigma?: number;
    stepMs: number;
    frames: number;
    hasTracks?: boolean;
  },
  momentAt: (atMs: number, index: number) => Moment,
): readonly Watched[] {
  const life = createStillLife(seed, sigma);
  let background: Background | null = null;
  return Array.from({ length: frames }, (_, index) => {
    const atMs = index * stepMs;
    const grey = life.grey(index, momentAt(atMs, index));
    const sensing = { ...motionGrid, cellChangeMin, scoreMin, absorbMs: ABSORB_MS, hasTracks, atMs: START_MS + atMs };
    const [next, sensed] = senseMotion(background, grey, sensing);
    background = next;
    return { ...sensed, seed, atMs };
  });
}

const at = (left: number, top: number, contrast = 40): Thing => ({ left, top, width: 3, height: 8, contrast });
const presentAt = (seen: readonly Watched[]) => seen.filter(({ present }) => present).map(({ atMs }) => atMs);
const shareOf = (seen: readonly Watched[], is: (watched: Watched) => boolean) => seen.filter(is).length / seen.length;

const PACES = [
  { stepMs: 200, frames: 400 },
  { stepMs: 1_000, frames: 150 },
  { stepMs: 30_000, frames: 60 },
] as const;

describe('where nothing is but the light and the sensor, nothing is seen', () => {
  const row = (seed: number, index: number) => 2 * Math.PI * valueAt(seed, index, 7);
  const nothing = { first: 0, settled: 0 };
  const scenes: readonly {
    readonly name: string;
    readonly sigma?: number;
    readonly moment: (atMs: number, index: number, seed: number) => Moment;
    /** The shares of frames in which something may be seen: in the first minute, and from then on. */
    readonly most: { readonly first: number; readonly settled: number };
  }[] = [
    { name: 'noise of 2', sigma: 2, moment: () => ({}), most: nothing },
    { name: 'noise of 6', sigma: 6, moment: () => ({}), most: nothing },
    { name: 'exposure that wanders', moment: (ms) => ({ shift: 50 * Math.sin(ms / 20_000) }), most: nothing },
    { name: 'a gain that wanders', moment: (ms) => ({ gain: 1 + 0.35 * Math.sin(ms / 20_000) }), most: nothing },
    {
      name: 'a gain that jumps',
      moment: (_, index) => ({ gain: [1, 1.3, 0.75, 1.1][Math.floor(index / 20) % 4] ?? 1 }),
      most: nothing,
    },
    { name: 'dusk', moment: (ms) => ({ gain: Math.max(0.15, 1 - ms / 100_000) }), most: nothing },
    {
      name: 'bands of a lamp at the mains',
      moment: (_, index, seed) => ({ lightAt: (__, y) => 8 * Math.sin(y / 2.55 + row(seed, index)) }),
      most: { first: 0.25, settled: 0.08 },
    },
    {
      name: 'a lamp that flickers in a corner',
      moment: (_, index, seed) => {
        const isOn = valueAt(seed, index, 3) < 0.5;
        return { lightAt: (x, y) => (isOn && x >= 20 && x < 28 && y >= 10 && y < 18 ? 30 : 0) };
      },
      most: { first: 0.5, settled: 0.02 },
    },
  ];

  for (const { name, sigma = 4, moment, most } of scenes) {
    test.each(PACES)(`${name}, a frame in $stepMs ms`, (pace) => {
      for (const seed of [1, 2]) {
        const seen = watch({ seed, sigma, ...pace }, (ms, index) => moment(ms, index, seed));
        // A slow camera learns from frames as well as from minutes.
        const isFirst = ({ atMs }: Watched) => atMs < Math.max(60_000, 20 * pace.stepMs);
        const [first, settled] = [seen.filter(isFirst), seen.filter((watched) => !isFirst(watched))];
        expect(
          shareOf(first, ({ present }) => present),
          `seed ${seed}, first`,
        ).toBeLessThanOrEqual(most.first);
        expect(
          shareOf(settled, ({ present }) => present),
          `seed ${seed}, later`,
        ).toBeLessThanOrEqual(most.settled);
        expect(
          shareOf(settled, ({ motion }) => motion.moving),
          `seed ${seed}`,
        ).toBeLessThanOrEqual(most.settled);
      }
    });
  }

  test.each(PACES.slice(0, 2))('clouds, a frame in $stepMs ms', (pace) => {
    for (const seed of [1, 2, 3]) {
      const seen = watch({ seed, ...pace }, (ms) => ({
        gain: 1 + 0.15 * Math.sin(ms / 7_000),
        lightAt: (x, y) => 20 * Math.sin((x + ms / 2_000) / 20) * Math.sin((y + ms / 3_000) / 15),
      }));
      expect(presentAt(seen)).toEqual([]);
    }
  });
});

describe('what has changed for good is seen, and becomes background', () => {
  const CHANGED_MS = 10_000;
  const lamp = (x: number, y: number, reach: number) => (column: number, line: number) =>
    90 * Math.exp(-((column - x) ** 2 + (line - y) ** 2) / reach);
  const changes: readonly { name: string; after: Moment; goneAfterMs: number; relearnt: boolean }[] = [
    { name: 'a lamp that lights the room', after: { lightAt: lamp(20, 5, 900) }, goneAfterMs: 4_000, relearnt: true },
    { name: 'a camera that was turned', after: { nudge: [20, 9] }, goneAfterMs: 4_000, relearnt: true },
    { name: 'a camera that was pushed', after: { nudge: [2, 1] }, goneAfterMs: 62_000, relearnt: false },
    { name: 'a lamp that lights a corner', after: { lightAt: lamp(20, 5, 150) }, goneAfterMs: 70_000, relearnt: false },
    { name: 'a thing that was left', after: { things: [at(20, 20, 50)] }, goneAfterMs: 61_000, relearnt: false },
  ];

  test.each(changes)('$name', ({ after, goneAfterMs, relearnt }) => {
    for (const seed of [1, 2, 3]) {
      const seen = watch({ seed, stepMs: 200, frames: 420 }, (atMs) => (atMs < CHANGED_MS ? {} : after));
      const times = presentAt(seen);
      expect(times[0], `seed ${seed}`).toBe(CHANGED_MS);
      expect(Math.max(...times), `seed ${seed}`).toBeLessThan(CHANGED_MS + goneAfterMs);
      expect(seen.filter(({ learnt }) => learnt === 'relearnt')).toHaveLength(relearnt ? 1 : 0);
      // It moved once: when it came.
      expect(seen.filter(({ motion }) => motion.moving).map(({ atMs }) => atMs)).toEqual([CHANGED_MS]);
    }
  });
});

describe('somebody', () => {
  test.each([
    { stepMs: 200, cellsAFrame: 0.6 },
    { stepMs: 1_000, cellsAFrame: 3 },
    { stepMs: 30_000, cellsAFrame: 20 },
  ])('who walks is seen in each frame that has all of them, at one in $stepMs ms', ({ stepMs, cellsAFrame }) => {
    for (const contrast of [20, -20, 60]) {
      for (const [seed, sigma] of [
        [1, 2],
        [2, 4],
        [3, 6],
      ] as const) {
        const leftAt = (index: number) => (index - 30) * cellsAFrame;
        const isIn = (index: number) => index >= 30 && leftAt(index) <= motionGrid.columns - 3;
        const seen = watch({ seed, sigma, stepMs, frames: 40 + Math.ceil(61 / cellsAFrame) }, (_, index) =>
          isIn(index) ? { things: [at(leftAt(index), 9 * seed, contrast)] } : {},
        );
        expect(seen.map(({ present }) => present)).toEqual(seen.map((_, index) => isIn(index)));
      }
    }
  });

  test.each([
    { name: 'who stands out is seen', contrast: 50, hasTracks: false },
    { name: 'whoever is followed is, too', contrast: 25, hasTracks: true },
  ])('in an entrance that is never empty, $name', ({ contrast, hasTracks }) => {
    const seen = watch({ seed: 1, stepMs: 1_000, frames: 400, hasTracks }, (_, index) => ({
      things: [0, 10, 20, 30, 40, 50].map((ahead) => at((index * 1.7 + ahead) % 61, 20, contrast)),
    }));
    expect(shareOf(seen.slice(20), ({ present }) => present)).toBeGreaterThan(0.99);
  });

  test('who sits down is there for a while, without moving, and then becomes background', () => {
    const seen = watch({ seed: 1, stepMs: 200, frames: 500 }, (atMs) =>
      atMs < 10_000 ? {} : { things: [at(Math.min(30, (atMs - 10_000) / 300), 20)] },
    );
    const satAtMs = 19_000;
    const sitting = seen.filter(({ atMs }) => atMs > satAtMs + 600 && atMs < satAtMs + ABSORB_MS - 1_000);
    expect(sitting.every(({ present, motion }) => present && !motion.moving)).toBe(true);
    expect(Math.max(...presentAt(seen))).toBeLessThan(satAtMs + ABSORB_MS + 1_500);
  });

  test('who comes has a box, and two have two', () => {
    const seen = watch({ seed: 1, stepMs: 200, frames: 12 }, (atMs) =>
      atMs < 2_000 ? {} : { things: [at(10, 10), at(40, 30)] },
    );
    const { columns, rows } = motionGrid;
    const motion = seen.find(({ atMs }) => atMs === 2_000)?.motion;
    expect(motion?.boxes.toSorted((a, b) => a.x - b.x)).toEqual([
      { x: 10 / columns, y: 10 / rows, width: 3 / columns, height: 8 / rows },
      { x: 40 / columns, y: 30 / rows, width: 3 / columns, height: 8 / rows },
    ]);
    expect(motion?.score).toBe(48 / (columns * rows));
  });

  test('is seen in a room whose exposure has changed since', () => {
    const seen = watch({ seed: 1, stepMs: 200, frames: 200 }, (atMs) => ({
      gain: 1 - atMs / 100_000,
      things: atMs > 30_000 ? [at(30, 20, 45)] : [],
    }));
    expect(presentAt(seen)[0]).toBe(30_200);
  });
});

test('the first frame shows nothing, nor does the first of another size', () => {
  const sensing = { ...motionGrid, cellChangeMin, scoreMin, absorbMs: ABSORB_MS, hasTracks: false, atMs: START_MS };
  const [background, sensed] = senseMotion(null, createStillLife(1, 4).grey(0), sensing);
  expect(sensed).toMatchObject({ present: false, learnt: 'first-frame', motion: { score: 0, moving: false } });
  const smaller = { ...sensing, columns: 8, rows: 6 };
  expect(senseMotion(background, new Uint8Array(48).fill(200), smaller)[1]).toEqual(sensed);
});

test('the background that was given stays as it was', () => {
  const sensing = { ...motionGrid, cellChangeMin, scoreMin, absorbMs: ABSORB_MS, hasTracks: false };
  const life = createStillLife(1, 4);
  const [background] = senseMotion(null, life.grey(0), { ...sensing, atMs: START_MS });
  const before = structuredClone(background);
  const later = { ...sensing, atMs: START_MS + 90_000 };
  const first = senseMotion(background, life.grey(1, { things: [at(9, 9)] }), later);
  expect(background).toEqual(before);
  expect(senseMotion(before, life.grey(1, { things: [at(9, 9)] }), later)).toEqual(first);
});
