import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { HEIGHT_PX, WIDTH_PX } from './room.ts';
import { createScene, type Scene, type TrueBox } from './scene.ts';

const fps = 5;
const cameras = ['sim-1', 'sim-2', 'sim-3', 'sim-4', 'sim-5', 'sim-6'];

describe('a scene', () => {
  test('is the same for the same seed, in whatever order its frames are asked for', async () => {
    const [forwards, backwards] = [
      createScene({ seed: 3, camera: 'a', fps }),
      createScene({ seed: 3, camera: 'a', fps }),
    ];
    const frames = [0, 1, 30, 31, 32, 2999];
    const once = await Promise.all(frames.map((frame) => forwards.render(frame)));
    const again: Buffer[] = [];
    for (const frame of frames.toReversed()) again.unshift(await backwards.render(frame));
    expect(again.map((jpeg, index) => jpeg.equals(once[index] ?? Buffer.alloc(0)))).toEqual(frames.map(() => true));
    expect(frames.map(backwards.truth)).toEqual(frames.map(forwards.truth));
  });

  test('differs between frames, cameras and seeds', async () => {
    const jpegs = await Promise.all([
      createScene({ seed: 3, camera: 'a', fps }).render(0),
      createScene({ seed: 3, camera: 'a', fps }).render(1),
      createScene({ seed: 3, camera: 'b', fps }).render(0),
      createScene({ seed: 4, camera: 'a', fps }).render(0),
    ]);
    expect(new Set(jpegs.map((jpeg) => jpeg.toString('base64'))).size).toBe(4);
  });

  test('is a JPEG of 320×240 between 8 and 50 KB', async () => {
    for (const camera of cameras) {
      const scene = createScene({ seed: 1, camera, fps });
      for (const frame of [0, 25, 45, 200]) {
        const jpeg = await scene.render(frame);
        const { format, width, height } = await sharp(jpeg).metadata();
        expect({ format, width, height }).toEqual({ format: 'jpeg', width: 320, height: 240 });
        expect(jpeg.length).toBeGreaterThan(8 * 1024);
        expect(jpeg.length).toBeLessThan(50 * 1024);
      }
    }
  });

  test('shows somebody in the first 15 s, whatever the seed', () => {
    for (let seed = 0; seed < 30; seed++) {
      const scene = createScene({ seed, camera: 'sim-1', fps });
      expect(
        framesFrom(0, 15 * fps).some((frame) => scene.truth(frame).some(({ visibleShare }) => visibleShare > 0.9)),
      ).toBe(true);
    }
  });

  test('has a visitor every 20 to 40 s, each for at most 15 s, and nobody in between', () => {
    for (const camera of cameras) {
      const scene = createScene({ seed: 2, camera, fps });
      const stays = staysIn(scene, 600 * fps);
      const visitors = [...stays].filter(([personId]) => personId.endsWith('a'));
      expect(visitors).toHaveLength(20);
      for (const [index, [, { first }]] of visitors.entries()) {
        const before = visitors[index - 1]?.[1].first;
        // Whoever comes through the door or from the side is not seen at once, hence the second on top.
        if (before !== undefined) expect((first - before) / fps).toBeLessThan(42);
      }
      for (const [, { first, last }] of stays) {
        expect((last - first + 1) / fps).toBeGreaterThan(2.5);
        expect((last - first + 1) / fps).toBeLessThanOrEqual(15);
      }
      const empty = framesFrom(0, 600 * fps).filter((frame) => scene.truth(frame).length === 0);
      expect(empty.length).toBeGreaterThan(0.4 * 600 * fps);
    }
  });

  test('shows figures where the truth says, and nothing but noise elsewhere', async () => {
    for (const camera of cameras) {
      const scene = createScene({ seed: 1, camera, fps });
      const empty = await pixels(scene, framesFrom(0, 100).find((frame) => scene.truth(frame).length === 0) ?? 0);
      const full = framesFrom(0, 200).filter((frame) =>
        scene.truth(frame).some(({ visibleShare }) => visibleShare > 0.5),
      );
      expect(full.length).toBeGreaterThan(10);
      for (const frame of full.filter((_, index) => index % 4 === 0)) {
        const boxes = scene.truth(frame);
        const shown = await pixels(scene, frame);
        expect(worstCell(empty, shown, (x, y) => boxes.every((box) => isOutside(box, x, y)))).toBeLessThan(3);
        for (const box of boxes.filter(({ visibleShare }) => visibleShare > 0.5)) {
          expect(worstCell(empty, shown, (x, y) => !isOutside(box, x, y))).toBeGreaterThan(10);
        }
      }
    }
  });

  test('keeps its truth inside the picture', () => {
    for (const camera of cameras) {
      const scene = createScene({ seed: 5, camera, fps });
      for (const { x, y, width, height } of framesFrom(0, 600).flatMap(scene.truth)) {
        expect(Math.min(x, y, width, height)).toBeGreaterThanOrEqual(0);
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1 + 1e-9);
      }
    }
  });
});

function framesFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function staysIn(scene: Scene, frameCount: number) {
  const stays = new Map<string, { first: number; last: number }>();
  for (const frame of framesFrom(0, frameCount)) {
    for (const { personId } of scene.truth(frame)) {
      stays.set(personId, { first: stays.get(personId)?.first ?? frame, last: frame });
    }
  }
  return stays;
}

async function pixels(scene: Scene, frame: number): Promise<Buffer> {
  return await sharp(await scene.render(frame))
    .greyscale()
    .raw()
    .toBuffer();
}

const CELL_PX = 8;

/** The greatest difference of means over cells of 8×8, the grid of JPEG, among those whose centre counts. */
function worstCell(before: Buffer, after: Buffer, counts: (x: number, y: number) => boolean): number {
  const cells: { readonly x: number; readonly y: number; readonly was: number; readonly is: number }[] = [];
  for (let top = 0; top < HEIGHT_PX; top += CELL_PX) {
    for (let left = 0; left < WIDTH_PX; left += CELL_PX) {
      const [was, is] = [meanOf(before, left, top), meanOf(after, left, top)];
      cells.push({ x: left + CELL_PX / 2, y: top + CELL_PX / 2, was, is });
    }
  }
  // The light drifts, by the same factor everywhere; most cells hold nobody, so the middle one tells it.
  const drift = cells.map(({ was, is }) => is / was).sort((a, b) => a - b)[cells.length >> 1] ?? 1;
  return Math.max(...cells.filter(({ x, y }) => counts(x, y)).map(({ was, is }) => Math.abs(is - was * drift)));
}

function meanOf(image: Buffer, left: number, top: number): number {
  let total = 0;
  for (let row = top; row < top + CELL_PX; row++) {
    for (let column = left; column < left + CELL_PX; column++) total += image[row * WIDTH_PX + column] ?? 0;
  }
  return total / CELL_PX ** 2;
}

/** By a margin: a cell of JPEG is 8 px wide, and a figure's shadow lies a little beyond its feet. */
function isOutside(box: TrueBox, x: number, y: number): boolean {
  const marginPx = 16;
  return (
    x < box.x * WIDTH_PX - marginPx ||
    x > (box.x + box.width) * WIDTH_PX + marginPx ||
    y < box.y * HEIGHT_PX - marginPx ||
    y > (box.y + box.height) * HEIGHT_PX + marginPx
  );
}
