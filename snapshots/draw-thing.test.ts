import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Box } from '../schemas/types.ts';
import { blurred } from './blur.ts';
import { drawMotion } from './draw-motion.ts';
import { colourOf, contrast, drawThing, inkOn } from './draw-thing.ts';
import { dotsOf } from './glyphs.ts';
import type { OpenPicture } from './open-picture.ts';
import type { Thing } from './what-to-draw.ts';

/** Drawings are looked at pixel by pixel; the service itself reads no PNG. */
sharp.unblock({ operation: ['VipsForeignLoadPngBuffer'] });

const trackId = '1b9d6bcd-bbfd-5b2d-9b5d-ab8dfbbd4bed';
const box: Box = { x: 0.25, y: 0.3, width: 0.2, height: 0.5 };
const person: Thing = { box, className: 'person', confidence: 0.9449, trackId };
/** Of a class whose label is white, as nothing else in these pictures is. */
const car: Thing = { box, className: 'car', confidence: 0.6, trackId };

interface Size {
  readonly width: number;
  readonly height: number;
}

const flat = ({ width, height }: Size, level = 0): OpenPicture => ({
  pixels: Buffer.alloc(width * height * 3, level),
  width,
  height,
});

/** Something to see: stripes, and two who stand before them. */
function scene({ width, height }: Size): OpenPicture {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isBody = Math.abs(((x / width) % 0.5) - 0.35) < 0.06 && y / height > 0.35 && y / height < 0.78;
      const level = isBody
        ? (Math.floor(x / 3) % 2) * 200
        : 90 + Math.round(80 * (y / height)) + (Math.floor(x / 16) % 2) * 30;
      pixels.set([level, isBody ? level >> 1 : level, 255 - level], (y * width + x) * 3);
    }
  }
  return { pixels, width, height };
}

async function pixelsOf(png: Buffer) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  return { data, ...info };
}

async function countOf(png: Buffer, colour: readonly number[]): Promise<number> {
  const { data } = await pixelsOf(png);
  let count = 0;
  for (let at = 0; at < data.length; at += 3) {
    if (data[at] === colour[0] && data[at + 1] === colour[1] && data[at + 2] === colour[2]) count += 1;
  }
  return count;
}

describe('a picture is the golden one, but for what decoders and encoders may differ in', () => {
  const size = { width: 320, height: 240 };
  const people = [
    { x: 0.29, y: 0.35, width: 0.12, height: 0.43 },
    { x: 0.79, y: 0.35, width: 0.12, height: 0.43 },
  ];
  const drawings: Readonly<Record<string, () => Promise<Buffer>>> = {
    person: () => drawThing(scene(size), { ...person, box: people[0] ?? box }),
    'other-class': () => drawThing(scene(size), { ...car, className: 'traffic light', trackId: null }),
    'at-the-edge': () => drawThing(scene(size), { ...person, box: { x: 0.9, y: -0.1, width: 0.3, height: 0.4 } }),
    'no-more-than-a-class': () => drawThing(scene(size), { ...person, confidence: null, trackId: null }),
    blurred: () => drawThing(blurred(scene(size), people), { ...person, box: people[1] ?? box }),
    motion: () => drawMotion({ picture: scene(size), boxes: people, atMs: Date.UTC(2024, 2, 15, 14, 30, 52, 456) }),
    small: () => drawThing(scene({ width: 96, height: 64 }), person),
  };
  const folder = new URL('goldens/', import.meta.url);

  test.each(Object.entries(drawings))('%s', async (name, draw) => {
    const file = new URL(`${name}.png`, folder);
    const png = await draw();
    if (process.env.UPDATE_GOLDEN === '1') {
      if (!existsSync(folder)) mkdirSync(folder);
      writeFileSync(file, png);
    }
    const [drawn, golden] = [await pixelsOf(png), await pixelsOf(readFileSync(file))];
    expect([drawn.width, drawn.height]).toEqual([golden.width, golden.height]);
    let far = 0;
    for (const [at, value] of drawn.data.entries()) if (Math.abs(value - (golden.data[at] ?? 0)) > 8) far += 1;
    expect(far).toBeLessThan(drawn.data.length / 1_000);
  });

  test('the same gives the same bytes', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => drawThing(scene(size), person)));
    for (const one of all) expect(one.equals(all[0] ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('the label', () => {
  const full = 'car: 0.60 (ID:1b9d6bcd)';
  const corners: readonly Box[] = [
    box,
    { x: 0, y: 0, width: 0.1, height: 0.1 },
    { x: 0.95, y: 0, width: 0.05, height: 0.1 },
    { x: 0.95, y: 0.95, width: 0.3, height: 0.3 },
    { x: -1, y: -1, width: 3, height: 3 },
  ];

  test.each<[number, string | null, number]>([
    [1_920, full, 7],
    [1_280, full, 5],
    [640, full, 2],
    [320, full, 1],
    [160, full, 1],
    [139, full, 1],
    [138, 'car: 0.60', 1],
    [55, 'car: 0.60', 1],
    [54, 'car', 1],
    [19, 'car', 1],
    [18, null, 1],
    [1, null, 1],
  ])('in a picture %i wide says %s, all of it inside, wherever its box is', async (width, text, scale) => {
    for (const one of corners) {
      const png = await drawThing(flat({ width, height: Math.max(12, Math.round(width * 0.75)) }), {
        ...car,
        box: one,
      });
      const dots = text === null ? 0 : dotsOf(text).length * scale * scale;
      expect(await countOf(png, [255, 255, 255]), JSON.stringify(one)).toBe(dots);
    }
  });

  test('stands out from its plate, of whichever class', () => {
    const names = ['person', ...Array.from({ length: 500 }, (_, at) => `class ${at}`)];
    const colours = new Map(names.map((name) => [String(colourOf(name)), colourOf(name)]));
    expect(colours.size).toBe(13);
    for (const colour of colours.values()) expect(contrast(inkOn(colour), colour), String(colour)).toBeGreaterThan(4.5);
  });

  test('is as easily read on white, on black and on its own colour', async () => {
    const size = { width: 320, height: 240 };
    const [red = 0, green = 0, blue = 0] = colourOf('car');
    const own = flat(size);
    for (let at = 0; at < own.pixels.length; at += 3) own.pixels.set([red, green, blue], at);
    for (const picture of [flat(size, 1), own]) {
      expect(await countOf(await drawThing(picture, car), [255, 255, 255])).toBe(dotsOf(full).length);
    }
  });

  test('has question marks where the font has nothing', () => {
    expect(dotsOf('büro')).toEqual(dotsOf('b?ro'));
    expect(dotsOf('person 🚶')).toEqual(dotsOf('person ?'));
  });
});

describe('blurred people', () => {
  const size = { width: 200, height: 100 };
  const someone: Box = { x: 0.4, y: 0.2, width: 0.2, height: 0.6 };

  test('have no detail, and nothing else is changed', () => {
    const before = scene(size);
    const after = blurred(before, [someone]);
    // With its margin, and a pixel that it touches: from 78 to 123 across, from 17 to 83 down, in blocks of 7.
    const inside = (x: number, y: number) => x >= 78 && x < 123 && y >= 17 && y < 83;
    for (let y = 0; y < size.height; y += 1) {
      for (let x = 0; x < size.width; x += 1) {
        const [at, first] = [
          (y * 200 + x) * 3,
          ((17 + 7 * Math.floor((y - 17) / 7)) * 200 + 78 + 7 * Math.floor((x - 78) / 7)) * 3,
        ];
        const wanted = inside(x, y) ? after.pixels.subarray(first, first + 3) : before.pixels.subarray(at, at + 3);
        expect(after.pixels.subarray(at, at + 3).equals(wanted), `${x} ${y}`).toBe(true);
      }
    }
    expect(after.pixels.equals(before.pixels)).toBe(false);
  });

  test.each<[string, Box]>([
    ['without a size', { x: 0.5, y: 0.5, width: 0, height: 0 }],
    ['of no numbers', { x: Number.NaN, y: Number.NaN, width: Number.NaN, height: Number.NaN }],
    ['outside', { x: 3, y: 3, width: 1, height: 1 }],
  ])('%s are nowhere', (_, nowhere) => {
    expect(blurred(scene(size), [nowhere]).pixels.equals(scene(size).pixels)).toBe(true);
  });

  test('that fill the picture leave nothing of it', () => {
    const { pixels } = blurred(scene(size), [{ x: -5, y: -5, width: 100, height: 100 }]);
    const colours = new Set(Array.from({ length: 20_000 }, (_, at) => pixels.toString('hex', at * 3, at * 3 + 3)));
    expect(colours.size).toBeLessThanOrEqual(10 * 5);
  });
});
