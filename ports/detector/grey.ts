import type { Size } from './picture.ts';

/** Bytes of pixels, row by row; of each the first three are red, green and blue. */
export interface Pixels extends Size {
  readonly bytes: Uint8Array;
  readonly channels: 3 | 4;
}

/** So many pixels of a cell are looked at in either direction: enough to even out the noise. */
const SAMPLES = 4;

/** A small grey picture, one byte a cell: the mean brightness of what lies in it. */
export function shrinkToGrey(
  { bytes, channels, width, height }: Pixels,
  { width: columns, height: rows }: Size,
): Uint8Array {
  const grey = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const [top, bottom] = span(row, rows, height);
    for (let column = 0; column < columns; column += 1) {
      const [left, right] = span(column, columns, width);
      const down = Math.ceil((bottom - top) / SAMPLES);
      const across = Math.ceil((right - left) / SAMPLES) * channels;
      let [red, green, blue, count] = [0, 0, 0, 0];
      for (let y = top; y < bottom; y += down) {
        const end = (y * width + right) * channels;
        for (let at = (y * width + left) * channels; at < end; at += across) {
          red += bytes[at] as number;
          green += bytes[at + 1] as number;
          blue += bytes[at + 2] as number;
          count += 1;
        }
      }
      grey[row * columns + column] = Math.round((RED * red + GREEN * green + BLUE * blue) / (1_000 * count));
    }
  }
  return grey;
}

/** How bright the eye finds each (ITU-R BT.601, as in JPEG), in thousandths: sums of integers come out the same everywhere. */
const [RED, GREEN, BLUE] = [299, 587, 114];

/** Which pixels a cell covers: at least one, also of a picture that has fewer than there are cells. */
function span(cell: number, cells: number, pixels: number): readonly [number, number] {
  const from = Math.floor((cell * pixels) / cells);
  return [from, Math.max(from + 1, Math.floor(((cell + 1) * pixels) / cells))];
}
