import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createScene, type TrueBox } from '../dev/simulate/scene.ts';
import { shrinkToGrey } from '../ports/detector/grey.ts';
import { createDecoder } from '../ports/detector/picture.ts';
import { builtInSettings } from '../schemas/device-settings.ts';
import { type FrameMotion, measureMotion, motionGrid } from './motion.ts';

const { columns, rows } = motionGrid;
const { motion_cell_change: cellChangeMin, motion_score: scoreMin } = builtInSettings.thresholds;

describe('motion between two pictures', () => {
  const patch = { left: 5, top: 6, width: 10, height: 12 };

  test('is none between equal ones', () => {
    expect(measure(room(), room())).toEqual({ score: 0, moving: false, boxes: [] });
  });

  test('is none when all of it becomes brighter or darker', () => {
    for (const shift of [-60, -15, 15, 60]) expect(measure(room(), brighter(room(), shift)).score).toBe(0);
  });

  test('is none between two pictures of one noise', () => {
    const noise = fc.uint8Array({ min: 0, max: 14, minLength: columns * rows, maxLength: columns * rows });
    fc.assert(
      fc.property(noise, noise, fc.integer({ min: -40, max: 40 }), (first, second, shift) => {
        // Even noise has its median in the middle, so no cell is further from it than half its width and a bit.
        const now = brighter(added(room(), second), shift);
        expect(measure(added(room(), first), now).moving).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  test('is where something came', () => {
    const { moving, score, boxes } = measure(room(), withPatch(room(), patch));
    expect({ moving, score }).toEqual({ moving: true, score: (10 * 12) / (columns * rows) });
    expect(boxes).toEqual([{ x: 5 / columns, y: 6 / rows, width: 10 / columns, height: 12 / rows }]);
  });

  test('is where something was and where it went', () => {
    const { boxes } = measure(withPatch(room(), patch), withPatch(room(), { ...patch, left: 30, top: 20 }));
    expect(boxes).toEqual([{ x: 5 / columns, y: 6 / rows, width: 35 / columns, height: 26 / rows }]);
  });

  test('is the same while the light changes, and backwards', () => {
    const place = fc.record({
      left: fc.integer({ min: 0, max: columns - 4 }),
      top: fc.integer({ min: 0, max: rows - 4 }),
      width: fc.integer({ min: 4, max: 20 }),
      height: fc.integer({ min: 4, max: 20 }),
    });
    fc.assert(
      fc.property(place, fc.integer({ min: -40, max: 40 }), (where, shift) => {
        const [before, now] = [room(), withPatch(room(), where)];
        const expected = measure(before, now);
        expect(measure(before, brighter(now, shift))).toEqual(expected);
        expect(measure(now, before)).toEqual(expected);
        const right = Math.min(where.left + where.width, columns) / columns;
        const bottom = Math.min(where.top + where.height, rows) / rows;
        const [box] = expected.boxes;
        expect(box && [box.x, box.y]).toEqual([where.left / columns, where.top / rows]);
        expect(box && box.x + box.width).toBeCloseTo(right);
        expect(box && box.y + box.height).toBeCloseTo(bottom);
      }),
    );
  });

  test('is seen even of what fills most of the picture', () => {
    const { moving } = measure(room(), withPatch(room(), { left: 0, top: 0, width: columns - 10, height: rows }));
    expect(moving).toBe(true);
  });

  test('takes a cell beyond the bound, and a share of cells beyond theirs', () => {
    const settings = { columns: 10, rows: 10, cellChangeMin: 14, scoreMin: 0.04 };
    const changed = (count: number, change: number) =>
      measureMotion(
        new Uint8Array(100).fill(50),
        Uint8Array.from({ length: 100 }, (_, cell) => 50 + (cell < count ? change : 0)),
        settings,
      );
    expect(changed(30, 14).score).toBe(0);
    expect(changed(30, 15).score).toBe(0.3);
    expect(changed(4, 15)).toMatchObject({ score: 0.04, moving: false, boxes: [] });
    expect(changed(5, 15)).toMatchObject({ score: 0.05, moving: true });
  });
});

describe('motion in a room with visitors, of which the truth is known', () => {
  const seen: { readonly walking: boolean; readonly nobody: boolean; readonly motion: FrameMotion }[] = [];

  beforeAll(async () => {
    const decode = createDecoder(() => ({ width: 320, height: 240 }));
    for (const { seed, camera, fps } of [
      { seed: 1, camera: 'camera-1', fps: 5 },
      { seed: 2, camera: 'camera-2', fps: 5 },
      { seed: 3, camera: 'camera-3', fps: 5 },
      { seed: 4, camera: 'camera-4', fps: 1 },
    ]) {
      const scene = createScene({ seed, camera, fps });
      let before: { readonly grey: Uint8Array; readonly truth: readonly TrueBox[] } | undefined;
      for (let frame = 0; frame < 45 * fps; frame += 1) {
        const picture = await decode(await scene.render(frame));
        if ('code' in picture) throw new Error(picture.message);
        const now = { grey: shrinkToGrey(picture, { width: columns, height: rows }), truth: scene.truth(frame) };
        if (before) {
          seen.push({
            walking: walks(before.truth, now.truth),
            nobody: before.truth.length + now.truth.length === 0,
            motion: measure(before.grey, now.grey),
          });
        }
        before = now;
      }
    }
  }, 60_000);

  test('at least 90 % of the frames in which somebody walks have motion (96 % do)', () => {
    const walking = seen.filter((frame) => frame.walking);
    const found = walking.filter(({ motion }) => motion.moving);
    expect(walking.length).toBeGreaterThan(100);
    const figures = `${found.length} of ${walking.length}`;
    expect(found.length / walking.length, figures).toBeGreaterThanOrEqual(0.9);
  });

  test('at most 2 % of the frames with nobody have motion (none has)', () => {
    const empty = seen.filter((frame) => frame.nobody);
    const found = empty.filter(({ motion }) => motion.moving);
    expect(empty.length).toBeGreaterThan(300);
    expect(found.length / empty.length, `${found.length} of ${empty.length}`).toBeLessThanOrEqual(0.02);
  });
});

function measure(before: Uint8Array, now: Uint8Array): FrameMotion {
  return measureMotion(before, now, { columns, rows, cellChangeMin, scoreMin });
}

/** Grey from 80 to 140, so that neither a lamp nor a patch drives it out of a byte. */
function room(): Uint8Array {
  return Uint8Array.from({ length: columns * rows }, (_, cell) => 80 + ((cell * 7) % 61));
}

function brighter(picture: Uint8Array, shift: number): Uint8Array {
  return picture.map((grey) => grey + shift);
}

function added(picture: Uint8Array, noise: Uint8Array): Uint8Array {
  return picture.map((grey, cell) => grey + (noise[cell] ?? 0));
}

function withPatch(
  picture: Uint8Array,
  where: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
): Uint8Array {
  return picture.map((grey, cell) => {
    const across = (cell % columns) - where.left;
    const down = Math.floor(cell / columns) - where.top;
    return across >= 0 && across < where.width && down >= 0 && down < where.height ? grey + 60 : grey;
  });
}

/** Somebody who was there before is at another place, by more than a hundredth of the picture. */
function walks(before: readonly TrueBox[], now: readonly TrueBox[]): boolean {
  return now.some((box) => {
    const was = before.find(({ personId }) => personId === box.personId);
    return was !== undefined && Math.hypot(middle(box).x - middle(was).x, middle(box).y - middle(was).y) > 0.01;
  });
}

function middle({ x, y, width, height }: TrueBox) {
  return { x: x + width / 2, y: y + height / 2 };
}
