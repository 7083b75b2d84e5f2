import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../dev/simulate/random.ts';
import { startThread } from '../start-thread.ts';
import { type BareJpeg, bareJpeg } from './bare-jpeg.ts';
import { pixelsOf, shrinkToGrey } from './grey.ts';
import { createDecoder, createPictureOpener, type Decoded, type Picture, type Size } from './picture.ts';

/** As a detector would have it; other proportions than the pictures', so that one cannot pass for the other. */
const decode = createDecoder(() => ({ width: 320, height: 256 }));
const cells = { width: 64, height: 48 };

describe('decoding', () => {
  test.each([
    { width: 320, height: 240 },
    { width: 1600, height: 1200 },
    { width: 241, height: 1023 },
    { width: 64, height: 48 },
    { width: 16, height: 16 },
    { width: 1, height: 1 },
  ])('a picture of $width by $height tells its size', async ({ width, height }) => {
    const { original, grey, ...picture } = await decoded(await jpegOf({ width, height }));
    expect({ original, ...picture }).toMatchObject({ original: { width, height }, width: 320, height: 256 });
    expect(picture.rgb).toHaveLength(320 * 256 * 3);
    expect(grey).toHaveLength(cells.width * cells.height);
  });

  test.each([
    [1, 'left'],
    [6, 'top'],
    [3, 'right'],
    [8, 'bottom'],
  ])('a camera that was turned (%i) is looked at upright, as browsers show it', async (orientation, white) => {
    const black = { width: 320, height: 240, channels: 3, background: 'black' } as const;
    const left = { input: { create: { ...black, width: 80, background: 'white' } }, left: 0, top: 0 };
    const jpeg = await sharp({ create: black }).composite([left]).withMetadata({ orientation }).jpeg().toBuffer();
    const { original, grey } = await decoded(jpeg);
    const [width, height] = orientation > 4 ? [240, 320] : [320, 240];
    expect(original).toEqual({ width, height });
    const sides = { left: [2, 24], top: [32, 2], right: [61, 24], bottom: [32, 45] } as const;
    for (const [side, [column, row]] of Object.entries(sides)) {
      expect(at(grey, column, row) > 128, side).toBe(side === white);
    }
  });

  test.each([80, 240, 640])('of a height of %d, each part of the picture lies at its place', async (height) => {
    const black = { width: 320, height, channels: 3, background: 'black' } as const;
    const pixels = await sharp({ create: black }).raw().toBuffer();
    // White in the corner at the top right, a quarter of each side: what cuts off the margins would lose it.
    for (let row = 0; row < height / 4; row += 1) pixels.fill(255, (row * 320 + 240) * 3, (row + 1) * 320 * 3);
    const { grey } = await decoded(await sharp(pixels, { raw: black }).jpeg().toBuffer());
    for (const [column, row, expected] of [
      [0, 0, 0],
      [45, 0, 0],
      [50, 0, 255],
      [63, 9, 255],
      [50, 14, 0],
      [63, 47, 0],
    ] as const) {
      expect(Math.abs(at(grey, column, row) - expected), `${column},${row}`).toBeLessThan(16);
    }
  });

  test('a progressive picture comes out as another one does, and one of grey alone as one of grey colours', async () => {
    const jpeg = await jpegOf({ width: 320, height: 240 });
    const progressive = await sharp(jpeg).jpeg({ quality: 100, progressive: true }).toBuffer();
    expect(furthest((await decoded(jpeg)).rgb, (await decoded(progressive)).rgb)).toBeLessThan(8);
    const grey = await sharp(jpeg).toColourspace('b-w').jpeg({ quality: 100 }).toBuffer();
    const greyColours = await sharp(grey).toColourspace('srgb').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    expect((await sharp(greyColours).metadata()).channels).toBe(3);
    expect(furthest((await decoded(grey)).rgb, (await decoded(greyColours)).rgb)).toBeLessThan(4);
  });

  test('a CMYK picture is one', async () => {
    const jpeg = await jpegOf({ width: 320, height: 240 });
    const cmyk = await sharp(jpeg).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await decoded(cmyk)).rgb).toHaveLength(320 * 256 * 3);
  });

  test('the same bytes give the same grey, alone or among many', async () => {
    const jpeg = await jpegOf({ width: 640, height: 480 });
    const { grey } = await decoded(jpeg);
    const again = await Promise.all(Array.from({ length: 20 }, () => decoded(Buffer.from(jpeg))));
    for (const picture of again) expect(Buffer.compare(picture.grey, grey)).toBe(0);
  });
});

/** The text too is ours: it goes into dead letters, which a replay must write again byte for byte. */
const undecodable = { code: 'undecodable', message: 'the bytes are not those of a whole JPEG' };

describe('what is no picture is said to be none', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a few bytes', Buffer.from([0xff, 0xd8, 0xff])],
    ['text', Buffer.from('no picture')],
    ['zeros', Buffer.alloc(5_000)],
  ])('%s', async (_, bytes) => {
    expect(await decode(bytes)).toEqual(undecodable);
  });

  test.each([0.02, 0.3, 0.6, 0.9, 0.99])('a JPEG of which %d arrived', async (share) => {
    const jpeg = await jpegOf({ width: 320, height: 240 });
    expect(await decode(jpeg.subarray(0, jpeg.length * share))).toEqual(undecodable);
  });

  test('a whole JPEG with more behind it is one, since cameras send their buffers', async () => {
    const jpeg = await jpegOf({ width: 320, height: 240 });
    const { grey } = await decoded(Buffer.concat([jpeg, Buffer.alloc(700)]));
    expect(Buffer.compare(grey, (await decoded(jpeg)).grey)).toBe(0);
  });

  test.each(['png', 'gif', 'webp', 'tiff', 'avif'] as const)('%s, which no camera sends', async (format) => {
    const image = sharp(await jpegOf({ width: 64, height: 48 }));
    expect(await decode(await image.toFormat(format).toBuffer())).toEqual(undecodable);
  });

  test('SVG, which could name files and addresses', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="9" height="9"/></svg>';
    expect(await decode(Buffer.from(svg))).toEqual(undecodable);
    expect(await decode(Buffer.from(`<?xml version="1.0"?>\n${svg}`))).toEqual(undecodable);
  });

  test('the same bytes are refused in the same words, whatever else is being decoded', async () => {
    const jpeg = await jpegOf({ width: 320, height: 240 });
    const cut = jpeg.subarray(0, jpeg.length / 2);
    const all = [cut, Buffer.from('no picture'), jpeg.subarray(0, 40), jpeg];
    const answers = await Promise.all(Array.from({ length: 80 }, (_, at) => decode(all[at % 4] ?? jpeg)));
    for (const [at, answer] of answers.entries()) if (at % 4 < 3) expect(answer).toEqual(undecodable);
  });

  test('8 megapixels are a picture, more are not', async () => {
    expect(await decode(await flat(4_000, 2_000))).toMatchObject({ original: { width: 4_000, height: 2_000 } });
    expect(await decode(await flat(4_000, 2_001))).toMatchObject({ code: 'too-many-pixels' });
  });

  test('a bomb costs nothing: a header that promises gigabytes', async () => {
    const bomb = withSize(await flat(16, 16), 65_500);
    const memoryBefore = process.memoryUsage().rss;
    const startedMs = performance.now();
    expect(await decode(bomb)).toMatchObject({ code: 'too-many-pixels' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(200e6);
  });
});

describe('the short way and the careful one', () => {
  const fit = () => ({ width: 384, height: 288 });
  const careful = createDecoder(fit, null);

  /** How many pictures have come the short way, beside the pictures. */
  function createCounted(decodeBare: BareJpeg['decode'] = (jpeg, into) => (bareJpeg as BareJpeg).decode(jpeg, into)) {
    let count = 0;
    const bare: BareJpeg = {
      async decode(jpeg, into) {
        const size = await decodeBare(jpeg, into);
        count += 1;
        return size;
      },
    };
    return { decode: createDecoder(fit, bare), count: () => count };
  }

  test.each([
    { width: 320, height: 240 },
    { width: 640, height: 480 },
    { width: 800, height: 600 },
    { width: 400, height: 300 },
  ])('show the same of $width by $height', async (size) => {
    const { decode, count } = createCounted();
    const jpeg = await jpegOf(size);
    const [short, long] = [await decode(jpeg), await careful(jpeg)];
    if ('code' in short || 'code' in long) throw new Error('there is no picture');
    expect(count()).toBe(1);
    expect({ ...short, rgb: null }).toEqual({ ...long, rgb: null });
    expect(meanDifference(short.rgb, long.rgb)).toBeLessThan(3);
  });

  test('a picture that is much larger than it is looked at goes to sharp, which need not decode all of it', async () => {
    const { decode, count } = createCounted();
    expect(await decode(await jpegOf({ width: 1024, height: 768 }))).toMatchObject({ width: 384, height: 288 });
    expect(count()).toBe(0);
  });

  test('a picture that says it is upright comes the short way, one that was turned does not', async () => {
    const { decode, count } = createCounted();
    const jpeg = await jpegOf({ width: 320, height: 240 });
    for (const [orientation, times] of [
      [1, 1],
      [6, 1],
    ] as const) {
      await decode(withOrientation(jpeg, orientation));
      expect(count(), `${orientation}`).toBe(times);
    }
  });

  test('what the short way cannot do, or gets wrong, comes as it does without it', async () => {
    const jpeg = await jpegOf({ width: 320, height: 240 });
    const expected = (await careful(jpeg)) as Picture;
    for (const decodeBare of [
      () => Promise.reject(new Error('no')),
      () => Promise.resolve({ width: 240, height: 320 }),
    ]) {
      const { rgb, ...picture } = (await createCounted(decodeBare).decode(jpeg)) as Picture;
      expect(picture).toEqual({ ...expected, rgb: undefined });
      expect(Buffer.compare(rgb, expected.rgb)).toBe(0);
    }
  });

  test('the memory of one that is done serves the next, which comes out as it does alone', async () => {
    const open = createPictureOpener(fit);
    const size = { width: 320, height: 240 };
    const jpegs = [await jpegOf(size), await flat(size.width, size.height)] as const;
    const alone = (await createDecoder(fit)(jpegs[1])) as Picture;
    const first = (await open(jpegs[0])) as Decoded;
    const memoryOfFirst = first.picture().rgb;
    first.done();
    const second = ((await open(jpegs[1])) as Decoded).picture();
    expect(second.rgb).toBe(memoryOfFirst);
    expect(Buffer.compare(second.rgb, alone.rgb)).toBe(0);
  });

  test('pictures of many sizes at once come out as each alone', async () => {
    const { decode, count } = createCounted();
    const sizes = Array.from({ length: 24 }, (_, at) => ({ width: 160 + 32 * (at % 7), height: 120 + 24 * (at % 5) }));
    const jpegs = await Promise.all(sizes.map(jpegOf));
    const rgbOf = async (jpeg: Buffer) => ((await decode(jpeg)) as Picture).rgb;
    const alone: Uint8Array[] = [];
    for (const jpeg of jpegs) alone.push(await rgbOf(jpeg));
    const together = await Promise.all(jpegs.map(rgbOf));
    for (const [at, rgb] of together.entries()) expect(Buffer.compare(rgb, alone[at] as Uint8Array)).toBe(0);
    expect(count()).toBe(48);
  });

  test('a thread may end while pictures are being decoded', async () => {
    const size = { width: 640, height: 480 };
    const data = new Uint8Array(await jpegOf(size));
    const thread = startThread(new URL('./end-while-decoding-under-test.ts', import.meta.url), {
      name: 'decoding',
      data,
    });
    const answered = once(thread, 'message');
    expect(await once(thread, 'exit')).toEqual([0]);
    expect(await answered).toMatchObject([size]);
  });

  test('agree on what is a picture, whatever happened to its bytes', async () => {
    const seed = Math.floor(Math.random() * 1e6);
    const random = createRandom(seed, 'damage');
    const { decode, count } = createCounted();
    const jpeg = await jpegOf({ width: 96, height: 64 });
    for (let damage = 0; damage < 400; damage += 1) {
      const bytes = Buffer.from(jpeg);
      const at = Math.floor(random.between(0, bytes.length));
      if (damage % 3 === 0) bytes.fill(0, at, Math.min(bytes.length, at + 40));
      else bytes[at] = Math.floor(random.between(0, 256));
      const broken = damage % 5 === 0 ? bytes.subarray(0, at) : bytes;
      const [short, long] = [await decode(broken), await careful(broken)];
      expect('code' in short ? short : short.original, `seed ${seed}, ${damage}`).toEqual(
        'code' in long ? long : long.original,
      );
    }
    expect(count()).toBeGreaterThan(20);
  });
});

test('many pictures at once leave the event loop free', async () => {
  const jpeg = await jpegOf({ width: 1600, height: 1200 });
  await decode(jpeg);
  let longestMs = 0;
  let done = false;
  const startedMs = performance.now();
  const decoding = Promise.all(Array.from({ length: 40 }, () => decode(jpeg))).then((pictures) => {
    done = true;
    return pictures;
  });
  for (let beforeMs = startedMs; !done; ) {
    await sleep(1);
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - beforeMs);
    beforeMs = nowMs;
  }
  expect(await decoding).toHaveLength(40);
  // A share of the whole and not milliseconds, so that a busy machine does not decide.
  expect(longestMs).toBeLessThan((performance.now() - startedMs) / 3);
});

async function decoded(jpeg: Buffer): Promise<Picture & { readonly grey: Uint8Array }> {
  const picture = await decode(jpeg);
  if ('code' in picture) throw new Error(picture.message);
  return { ...picture, grey: shrinkToGrey(pixelsOf(picture.rgb), picture, cells) };
}

function at(grey: Uint8Array, column: number, row: number): number {
  return grey[row * cells.width + column] ?? -1;
}

function furthest(some: Uint8Array, others: Uint8Array): number {
  return some.reduce((most, value, at) => Math.max(most, Math.abs(value - (others[at] ?? 0))), 0);
}

function meanDifference(some: Uint8Array, others: Uint8Array): number {
  return some.reduce((sum, value, at) => sum + Math.abs(value - (others[at] ?? 0)), 0) / some.length;
}

/** As a camera writes it: EXIF with nothing else in it. */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const exif = Buffer.from('ffe1002245786966000049492a00080000000100120103000100000000000000' + '00000000', 'hex');
  exif.writeUInt16LE(orientation, 28);
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

/** Something to see: waves of colour. */
async function jpegOf({ width, height }: Size): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, byte) => {
    const [x, y] = [(byte / 3) % width, byte / 3 / width];
    return 128 + 100 * Math.sin(x / 17 + (byte % 3)) * Math.cos(y / 23);
  });
  return await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function flat(width: number, height: number): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background: 'grey' } })
    .jpeg()
    .toBuffer();
}

/** Writes another size into the JPEG's frame header. */
function withSize(jpeg: Buffer, side: number): Buffer {
  const lying = Buffer.from(jpeg);
  const header = lying.indexOf(Buffer.from([0xff, 0xc0]));
  lying.writeUInt16BE(side, header + 5);
  lying.writeUInt16BE(side, header + 7);
  return lying;
}
