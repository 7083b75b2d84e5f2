import type { Picture, Size } from './picture.ts';

/**
 * A small grey picture, one byte a cell: the mean brightness of what lies in it, in every second row, which is enough to
 * even out the noise and half the work.
 */
export function shrinkToGrey({ rgb, width, height }: Picture, { width: columns, height: rows }: Size): Uint8Array {
  const grey = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const [top, bottom] = span(row, rows, height);
    for (let column = 0; column < columns; column += 1) {
      const [left, right] = span(column, columns, width);
      let [red, green, blue] = [0, 0, 0];
      for (let y = top; y < bottom; y += 2) {
        const end = (y * width + right) * 3;
        for (let at = (y * width + left) * 3; at < end; at += 3) {
          red += rgb[at] as number;
          green += rgb[at + 1] as number;
          blue += rgb[at + 2] as number;
        }
      }
      const light = RED * red + GREEN * green + BLUE * blue;
      grey[row * columns + column] = Math.round(light / (1_000 * Math.ceil((bottom - top) / 2) * (right - left)));
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
