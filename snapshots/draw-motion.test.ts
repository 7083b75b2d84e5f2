import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Box } from '../schemas/types.ts';
import { drawMotion } from './draw-motion.ts';
import { opened } from './drawings-under-test.ts';
import { openPicture } from './open-picture.ts';

/** Drawings are looked at pixel by pixel; the service itself reads no PNG. */
sharp.unblock({ operation: ['VipsForeignLoadPngBuffer'] });

type Pixel = readonly [red: number, green: number, blue: number];

const RED: Pixel = [255, 0, 0];
const BLACK: Pixel = [0, 0, 0];
const GREY: Pixel = [120, 120, 120];
const VEILED: Pixel = [161, 84, 84];
const atMs = Date.UTC(2026, 4, 1, 23, 45, 18, 678);
const size = { width: 320, height: 240 };

describe('what moved', () => {
  // From 160 to 240 across, from 120 to 216 down.
  const box: Box = { x: 0.5, y: 0.5, width: 0.25, height: 0.4 };

  test('lies under a red veil with a red outline, and the rest is as it was', async () => {
    const at = await drawn({ boxes: [box] });
    for (const [x, y] of [
      [200, 170],
      [165, 125],
      [235, 210],
    ] as const) {
      expectPixel(at(x, y), VEILED, 3);
    }
    for (const [x, y] of [
      [160, 120],
      [239, 215],
      [160, 170],
      [239, 170],
      [200, 120],
      [200, 215],
    ] as const) {
      expectPixel(at(x, y), RED, 0);
    }
    for (const [x, y] of [
      [158, 170],
      [241, 170],
      [200, 118],
      [200, 217],
      [10, 200],
    ] as const) {
      expectPixel(at(x, y), GREY, 2);
    }
  });

  test('where two areas overlap, the picture is as visible as in one', async () => {
    const at = await drawn({ boxes: [box, { ...box, x: 0.6, y: 0.6 }] });
    expectPixel(at(220, 180), VEILED, 3);
    // The outline of each is whole, also inside the other.
    expectPixel(at(192, 170), RED, 0);
    expectPixel(at(239, 170), RED, 0);
  });

  test.each<[string, readonly Box[]]>([
    ['beyond the picture', [{ x: -5, y: 0.5, width: 100, height: 100 }]],
    ['without an end', [{ x: 0, y: 0.5, width: Number.POSITIVE_INFINITY, height: 1 }]],
  ])('an area %s is drawn as far as the picture goes', async (_, boxes) => {
    const at = await drawn({ boxes });
    expectPixel(at(100, 200), VEILED, 3);
    expectPixel(at(310, 238), VEILED, 3);
    expectPixel(at(100, 100), GREY, 2);
  });

  test.each<[string, Box]>([
    ['outside', { x: 2, y: 2, width: 1, height: 1 }],
    ['inside out', { x: 0.8, y: 0.8, width: -0.5, height: -0.5 }],
    ['of no numbers', { x: Number.NaN, y: Number.NaN, width: Number.NaN, height: Number.NaN }],
  ])('an area %s is none', async (_, none) => {
    const [some, without] = [await pngOf({ boxes: [none] }), await pngOf({ boxes: [] })];
    expect(some.equals(without)).toBe(true);
  });
});

describe('the time', () => {
  test('stands at the top left, in red, to the second', async () => {
    const at = await drawn({ boxes: [] });
    // Each dot is two pixels wide in a picture of this width.
    const lines = Array.from({ length: 9 }, (_, row) =>
      Array.from({ length: 115 }, (_, column) => (isRed(at(column * 2, row * 2)) ? '#' : ' '))
        .join('')
        .trimEnd(),
    );
    expect(lines.join('\n')).toBe(
      [
        '',
        '  ###   ###   ###    ##         ###  #####        ###    #          ###   ###           #  #####         #    ###',
        ' #   # #   # #   #  #          #   # #           #   #  ##         #   # #   #   #     ##  #       #    ##   #   #',
        '     # #  ##     # #           #  ## ####        #  ##   #             #     #   #    # #  ####    #     #   #   #',
        '   ##  # # #   ##  ####   ###  # # #     #  ###  # # #   #           ##    ##        #  #      #         #    ###',
        '  #    ##  #  #    #   #       ##  #     #       ##  #   #          #        #   #   #####     #   #     #   #   #',
        ' #     #   # #     #   #       #   # #   #       #   #   #         #     #   #   #      #  #   #   #     #   #   #',
        ' #####  ###  #####  ###         ###   ###         ###   ###        #####  ###           #   ###         ###   ###',
        '',
      ].join('\n'),
    );
  });

  test.each(['#fff', '#f00', '#000'])('is to be read on %s', async (background) => {
    const at = await drawn({ boxes: [{ x: 0, y: 0, width: 1, height: 1 }], background });
    const plate = Array.from({ length: 230 * 18 }, (_, pixel) => at(pixel % 230, Math.floor(pixel / 230)));
    expect(plate.filter(isRed).length).toBeGreaterThan(500);
    expect(plate.every((pixel) => isRed(pixel) || String(pixel) === String(BLACK))).toBe(true);
  });

  test.each([115, 160, 640, 1600])('has room in a picture %d wide', async (width) => {
    const at = await drawn({ boxes: [], width, height: 100, background: '#fff' });
    const plateWidth = Array.from({ length: width }, (_, x) => at(x, 0)).filter((pixel) => !pixel[0]).length;
    expect(plateWidth % 115).toBe(0);
    expect(plateWidth).toBeGreaterThanOrEqual(Math.min(width, 115));
  });
});

describe('pictures', () => {
  test('the drawing is as large as its picture, and has no transparency', async () => {
    for (const picture of [size, { width: 1600, height: 1200 }, { width: 16, height: 16 }, { width: 1, height: 1 }]) {
      const { width, height, channels } = await sharp(await pngOf({ boxes: [], ...picture })).metadata();
      expect({ width, height, channels }).toEqual({ ...picture, channels: 3 });
    }
  });

  test('the same motion gives the same bytes', async () => {
    const boxes = [{ x: 0.1, y: 0.2, width: 0.3, height: 0.4 }];
    const all = await Promise.all(Array.from({ length: 6 }, () => pngOf({ boxes })));
    for (const one of all) expect(one.equals(all[0] as Buffer)).toBe(true);
  });

  test('a grey and a CMYK picture are drawn on in red too', async () => {
    const jpeg = await flat({ ...size, background: '#787878' });
    for (const space of ['b-w', 'cmyk'] as const) {
      const other = await sharp(jpeg).toColourspace(space).jpeg({ quality: 100 }).toBuffer();
      const at = await pixelsOf(
        await drawMotion({ picture: await opened(other), boxes: [{ x: 0.5, y: 0.5, width: 0.5, height: 0.5 }], atMs }),
      );
      expectPixel(at(160, 120), RED, 0);
      expectPixel(at(240, 180), VEILED, 12);
    }
  });

  test('what is no whole JPEG is said to be none', async () => {
    const jpeg = await flat({ ...size, background: '#123' });
    for (const bytes of [Buffer.alloc(0), Buffer.from('no picture'), jpeg.subarray(0, jpeg.length / 2)]) {
      expect(await openPicture(bytes)).toMatchObject({ code: 'undecodable' });
    }
    const png = await sharp(jpeg).png().toBuffer();
    sharp.block({ operation: ['VipsForeignLoadPngBuffer'] });
    expect(await openPicture(png)).toMatchObject({ code: 'undecodable' });
    sharp.unblock({ operation: ['VipsForeignLoadPngBuffer'] });
    const huge = await flat({ width: 4_000, height: 2_001, background: '#123' });
    expect(await openPicture(huge)).toMatchObject({ code: 'too-many-pixels' });
  });
});

interface Drawing {
  readonly boxes: readonly Box[];
  readonly width?: number;
  readonly height?: number;
  readonly background?: string;
}

async function pngOf({ boxes, background = '#787878', ...picture }: Drawing): Promise<Buffer> {
  return await drawMotion({ picture: await opened(await flat({ ...size, ...picture, background })), boxes, atMs });
}

async function drawn(drawing: Drawing) {
  return pixelsOf(await pngOf(drawing));
}

async function pixelsOf(png: Buffer): Promise<(x: number, y: number) => Pixel> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return (x, y) => {
    const start = (y * info.width + x) * info.channels;
    return [data[start] ?? -1, data[start + 1] ?? -1, data[start + 2] ?? -1];
  };
}

function isRed(pixel: Pixel): boolean {
  return String(pixel) === String(RED);
}

function expectPixel(found: Pixel, wanted: Pixel, tolerance: number): void {
  const furthest = Math.max(...found.map((value, channel) => Math.abs(value - (wanted[channel] ?? 0))));
  expect(furthest, `${found} for ${wanted}`).toBeLessThanOrEqual(tolerance);
}

async function flat(picture: { readonly width: number; readonly height: number; readonly background: string }) {
  return await sharp({ create: { ...picture, channels: 3 } })
    .jpeg({ quality: 100 })
    .toBuffer();
}
