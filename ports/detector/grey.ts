import type { Size } from './picture.ts';

/** Of each the lowest byte is red, the next green, the one above blue; row by row. */
export type Pixels = Int32Array;

/** So many pixels of a cell are looked at in either direction: enough to even out the noise. */
const SAMPLES = 4;

/** A small grey picture, one byte a cell: the mean brightness of what lies in it. */
export function shrinkToGrey(
  pixels: Pixels,
  { width, height }: Size,
  { width: columns, height: rows }: Size,
): Uint8Array {
  const grey = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const [top, bottom] = span(row, rows, height);
    const down = Math.ceil((bottom - top) / SAMPLES);
    for (let column = 0; column < columns; column += 1) {
      const [left, right] = span(column, columns, width);
      const across = Math.ceil((right - left) / SAMPLES);
      // Red and blue in one number: of so few samples neither sum comes to 16 bits.
      let [redBlue, green, count] = [0, 0, 0];
      for (let y = top; y < bottom; y += down) {
        const end = y * width + right;
        for (let at = y * width + left; at < end; at += across) {
          redBlue += (pixels[at] as number) & 0xff00ff;
          green += (pixels[at] as number) & 0xff00;
          count += 1;
        }
      }
      const sum = RED * (redBlue & 0xffff) + GREEN * (green >>> 8) + BLUE * (redBlue >>> 16);
      grey[row * columns + column] = Math.round(sum / (1_000 * count));
    }
  }
  return grey;
}

/** From three bytes each. */
export function pixelsOf(rgb: Uint8Array): Pixels {
  const pixels = new Int32Array(rgb.length / 3);
  for (let at = 0, byte = 0; at < pixels.length; at += 1, byte += 3) {
    pixels[at] = (rgb[byte] as number) | ((rgb[byte + 1] as number) << 8) | ((rgb[byte + 2] as number) << 16);
  }
  return pixels;
}

/** How bright the eye finds each (ITU-R BT.601, as in JPEG), in thousandths: sums of integers come out the same everywhere. */
const [RED, GREEN, BLUE] = [299, 587, 114];

/** Which pixels a cell covers: at least one, also of a picture that has fewer than there are cells. */
function span(cell: number, cells: number, pixels: number): readonly [number, number] {
  const from = Math.floor((cell * pixels) / cells);
  return [from, Math.max(from + 1, Math.floor(((cell + 1) * pixels) / cells))];
}
