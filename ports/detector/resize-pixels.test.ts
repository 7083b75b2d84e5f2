import { describe, expect, test } from 'vitest';
import type { Size } from './picture.ts';
import { resizePixels } from './resize-pixels.ts';

const SIZES: readonly [Size, Size][] = [
  [sizeOf(640, 480), sizeOf(384, 288)],
  [sizeOf(640, 480), sizeOf(320, 240)],
  [sizeOf(160, 120), sizeOf(76, 57)],
  [sizeOf(320, 240), sizeOf(384, 288)],
  [sizeOf(384, 288), sizeOf(384, 288)],
  [sizeOf(241, 131), sizeOf(200, 100)],
  [sizeOf(1, 1), sizeOf(20, 10)],
];

describe('pixels at another size', () => {
  test.each(SIZES)('$width by $height to $width by $height: one colour stays what it is', (from, to) => {
    for (const colour of [0x000000, 0xffffff, 0xff0000, 0x00ff00, 0x0000ff, 0x123456]) {
      const rgb = resizePixels(
        painted(from, () => colour),
        from,
        to,
      );
      const expected = Buffer.alloc(to.width * to.height * 3, Buffer.from(channels(colour)));
      expect(Buffer.compare(rgb, expected)).toBe(0);
    }
  });

  test.each(SIZES.slice(0, 3))('what is at a place stays at that place', (from, to) => {
    const rgb = resizePixels(
      painted(from, (x, y) => Math.round((250 * x) / from.width) | (Math.round((250 * y) / from.height) << 16)),
      from,
      to,
    );
    for (const [x, y] of [
      [3, 5],
      [to.width >> 1, to.height >> 2],
      [to.width - 4, to.height - 3],
    ] as const) {
      const at = (y * to.width + x) * 3;
      expect(Math.abs((rgb[at] ?? 0) - (250 * (x + 0.5)) / to.width)).toBeLessThan(2);
      expect(Math.abs((rgb[at + 2] ?? 0) - (250 * (y + 0.5)) / to.height)).toBeLessThan(2);
    }
  });

  test('half as large, a pixel is the mean of four', () => {
    const values = [0, 255, 10, 3, 255, 255, 7, 8, 100, 50, 200, 201, 4, 90, 17, 33];
    const pixels = Int32Array.from(values, (value) => value | (value << 8) | (value << 16));
    const half = [765, 28, 244, 451].flatMap((sum) => Array(3).fill(Math.round(sum / 4)));
    expect([...resizePixels(pixels, sizeOf(4, 4), sizeOf(2, 2))]).toEqual(half);
  });
});

function sizeOf(width: number, height: number): Size {
  return { width, height };
}

function channels(colour: number): number[] {
  return [colour & 0xff, (colour >> 8) & 0xff, (colour >> 16) & 0xff];
}

/** The fourth byte is what the decoder leaves there: anything. */
function painted({ width, height }: Size, colourAt: (x: number, y: number) => number): Int32Array {
  return Int32Array.from(
    { length: width * height },
    (_, at) => colourAt(at % width, Math.floor(at / width)) | (0xff << 24),
  );
}
