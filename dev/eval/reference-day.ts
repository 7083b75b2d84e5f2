/**
 * A shop's day, as one camera sees it: open from 9 to 18 h where it stands, 60 visitors who come by chance over these hours
 * and stay from 20 s to a quarter of an hour, most for some minutes. They walk from place to place and stand there, in
 * front of each other at times; a detector misses one sight in ten. Between them nothing moves but the light. A frame
 * follows from (seed, time) alone. What is promised of such a day, dev/eval-day.ts measures.
 */

import { appearanceOf } from '../../processor/appearance.ts';
import type { FoundObject, Prepared } from '../../processor/eyes.ts';
import type { MotionGrid } from '../../processor/motion.ts';
import { createRandom, type Random } from '../simulate/random.ts';
import type { TrueBox } from '../simulate/scene.ts';
import { jittered } from './jitter.ts';

export interface ReferenceDay {
  /** In ms since midnight. */
  readonly stays: readonly { readonly fromMs: number; readonly untilMs: number }[];
  look(atMs: number): { readonly prepared: Prepared; readonly objects: readonly FoundObject[] };
}

interface Visitor {
  readonly personId: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly stops: readonly Stop[];
  readonly clothes: Clothes;
  readonly heightShare: number;
}

/** Where they stand until then; they walk there before. */
interface Stop {
  readonly untilMs: number;
  readonly x: number;
  readonly footY: number;
}

type Colour = readonly [red: number, green: number, blue: number];
interface Clothes {
  readonly head: Colour;
  readonly trunk: Colour;
  readonly legs: Colour;
}

const HOUR_MS = 3_600_000;
const OPEN = { fromMs: 9 * HOUR_MS, untilMs: 18 * HOUR_MS };
const VISITORS = 60;
const STAY_MS = { least: 20_000, mean: 150_000, most: 900_000 };
const STAND_MS = { least: 4_000, most: 45_000 };
/** Of the picture's width, in a second. */
const PACE_PER_S = 0.25;
const MISSED = { edges: 0.015, missed: 0.1 };
const ORIGINAL = { width: 640, height: 480 };
/** Pixels of the picture for each cell of the small one, on either side. */
const CELL = 2;
const NOISES = 32;

export function createReferenceDay({ seed, grid }: { readonly seed: number; readonly grid: MotionGrid }): ReferenceDay {
  const visitors = Array.from({ length: VISITORS }, (_, number) =>
    planVisitor(createRandom(seed, 'visitor', number), number),
  );
  const size = { width: grid.columns * CELL, height: grid.rows * CELL };
  const floor = paintFloor(createRandom(seed, 'floor'), size);
  const noises = Array.from({ length: NOISES }, (_, at) => createNoise(createRandom(seed, 'noise', at), grid));
  const emptyGrey = greyOf(floor, size, grid);

  return {
    stays: visitors.map(({ fromMs, untilMs }) => ({ fromMs, untilMs })),

    look(atMs) {
      const random = createRandom(seed, 'frame', atMs);
      const there = visitors.filter(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
      const shown = there
        .map((visitor) => ({ visitor, box: boxAt(visitor, atMs) }))
        .sort((a, b) => a.box.y + a.box.height - (b.box.y + b.box.height));
      const boxes = shown.flatMap(({ box }) => withinPicture(box));
      const rgb = there.length === 0 ? floor : floor.slice();
      for (const { visitor, box } of shown) paint(rgb, size, box, visitor.clothes);
      const picture = { rgb, ...size, original: ORIGINAL };
      const grey = there.length === 0 ? emptyGrey : greyOf(rgb, size, grid);
      const light = 4 * Math.sin((atMs / HOUR_MS) * Math.PI);
      const noise = noises[Math.floor(random.next() * NOISES)] ?? new Int8Array(grey.length);
      const found = jittered(boxes, random, MISSED);
      return {
        prepared: {
          original: ORIGINAL,
          grey: grey.map((value, cell) => Math.max(0, Math.min(255, value + light + (noise[cell] ?? 0)))),
          picture: () => picture,
          done: () => undefined,
        },
        objects: found.map((object) => ({ ...object, appearance: appearanceOf(picture, object.box) })),
      };
    },
  };
}

function planVisitor(random: Random, number: number): Visitor {
  const stayMs = Math.min(STAY_MS.most, STAY_MS.least - STAY_MS.mean * Math.log(1 - random.next()));
  const fromMs = Math.round(random.between(OPEN.fromMs, OPEN.untilMs - stayMs));
  const untilMs = Math.round(fromMs + stayMs);
  const edge = () => (random.chance(0.5) ? -0.1 : 1.1);
  const footY = () => random.between(0.72, 0.96);
  const leaveMs = untilMs - 4_000;
  const stops: Stop[] = [{ untilMs: fromMs, x: edge(), footY: footY() }];
  for (let atMs = fromMs; atMs < leaveMs; ) {
    atMs = Math.min(leaveMs, atMs + random.between(STAND_MS.least, STAND_MS.most));
    stops.push({ untilMs: atMs, x: random.between(0.12, 0.88), footY: footY() });
  }
  stops.push({ untilMs, x: edge(), footY: footY() });
  const shade = (): Colour => [random.between(20, 235), random.between(20, 235), random.between(20, 235)];
  const clothes = { head: shade(), trunk: shade(), legs: shade() };
  return { personId: `V${number}`, fromMs, untilMs, stops, clothes, heightShare: random.between(0.5, 0.62) };
}

interface Box {
  readonly personId: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function boxAt({ personId, stops, heightShare }: Visitor, atMs: number): Box {
  const next = Math.max(
    1,
    stops.findIndex(({ untilMs }) => atMs < untilMs),
  );
  const [from, to] = [stops[next - 1], stops[next]];
  if (!from || !to) throw new Error(`${personId} is nowhere at ${atMs}`);
  const walkMs = (Math.hypot(to.x - from.x, to.footY - from.footY) / PACE_PER_S) * 1_000;
  const share = Math.min(1, (atMs - from.untilMs) / Math.min(walkMs, to.untilMs - from.untilMs));
  const x = from.x + share * (to.x - from.x);
  const footY = from.footY + share * (to.footY - from.footY);
  const height = heightShare * footY;
  const width = 0.28 * height;
  return { personId, x: x - width / 2, y: footY - height, width, height };
}

function withinPicture(box: Box): readonly TrueBox[] {
  const [left, right] = [Math.max(0, box.x), Math.min(1, box.x + box.width)];
  if (right - left < 0.01) return [];
  return [{ ...box, x: left, width: right - left, visibleShare: (right - left) / box.width }];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Tiles, so that whoever stands there differs from it almost everywhere. */
function paintFloor(random: Random, { width, height }: Size): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shade = 120 + 20 * ((Math.floor(x / 12) + Math.floor(y / 12)) % 2) + random.between(-3, 3);
      rgb.fill(shade, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  return rgb;
}

function paint(rgb: Uint8Array, { width, height }: Size, box: Box, { head, trunk, legs }: Clothes): void {
  const [left, right] = [
    Math.max(0, Math.round(box.x * width)),
    Math.min(width, Math.round((box.x + box.width) * width)),
  ];
  const [top, bottom] = [Math.round(box.y * height), Math.min(height, Math.round((box.y + box.height) * height))];
  for (let y = Math.max(0, top); y < bottom; y += 1) {
    const down = (y - top) / (bottom - top);
    const colour = down < 0.17 ? head : down < 0.51 ? trunk : legs;
    for (let x = left; x < right; x += 1) rgb.set(colour, (y * width + x) * 3);
  }
}

function greyOf(rgb: Uint8Array, { width }: Size, { columns, rows }: MotionGrid): Uint8Array {
  const grey = new Uint8Array(columns * rows);
  for (let cell = 0; cell < grey.length; cell += 1) {
    const [x, y] = [(cell % columns) * CELL, Math.floor(cell / columns) * CELL];
    let sum = 0;
    for (let down = 0; down < CELL; down += 1) {
      const at = ((y + down) * width + x) * 3;
      for (let value = at; value < at + CELL * 3; value += 1) sum += rgb[value] ?? 0;
    }
    grey[cell] = sum / (CELL * CELL * 3);
  }
  return grey;
}

function createNoise(random: Random, { columns, rows }: MotionGrid): Int8Array {
  return Int8Array.from({ length: columns * rows }, () => Math.round(random.between(-1.5, 1.5)));
}
