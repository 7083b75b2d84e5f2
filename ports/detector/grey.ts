import type { Picture, Size } from './picture.ts';

/** A small grey picture, one byte a cell: the mean brightness of what lies in it. */
export function shrinkToGrey({ rgb, width, height }: Picture, { width: columns, height: rows }: Size): Uint8Array {
  const grey = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const [top, bottom] = span(row, rows, height);
    for (let column = 0; column < columns; column += 1) {
      const [left, right] = span(column, columns, width);
      let sum = 0;
      for (let y = top; y < bottom; y += 1) {
        for (let at = (y * width + left) * 3; at < (y * width + right) * 3; at += 3) {
          sum += RED * (rgb[at] as number) + GREEN * (rgb[at + 1] as number) + BLUE * (rgb[at + 2] as number);
        }
      }
      grey[row * columns + column] = Math.round(sum / ((bottom - top) * (right - left)));
    }
  }
  return grey;
}

/** How bright the eye finds each (ITU-R BT.601, as in JPEG). */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114];

/** Which pixels a cell covers: at least one, also of a picture that has fewer than there are cells. */
function span(cell: number, cells: number, pixels: number): readonly [number, number] {
  const from = Math.floor((cell * pixels) / cells);
  return [from, Math.max(from + 1, Math.floor(((cell + 1) * pixels) / cells))];
}
