import type { Box } from '../schemas/types.ts';
import type { OpenPicture } from './open-picture.ts';
import { areaOf } from './overlay.ts';

/** So many blocks along the longer side of a person: a head comes to one or two of them. */
const BLOCKS = 10;
/** Boxes end where somebody does, or a little before. */
const MARGIN = 0.05;

/** The picture with people as coarse blocks, each of its mean colour: who they are is not in it any more. */
export function blurred({ pixels, width, height }: OpenPicture, people: readonly Box[]): OpenPicture {
  const changed = Buffer.from(pixels);
  for (const { x, y, width: boxWidth, height: boxHeight } of people) {
    const [more, taller] = [boxWidth * MARGIN, boxHeight * MARGIN];
    const wider = { x: x - more, y: y - taller, width: boxWidth + 2 * more, height: boxHeight + 2 * taller };
    const area = areaOf(wider, { width, height });
    const [left, right] = [Math.max(0, area.left), Math.min(width, area.right)];
    const [top, bottom] = [Math.max(0, area.top), Math.min(height, area.bottom)];
    const side = Math.max(2, Math.ceil(Math.max(right - left, bottom - top) / BLOCKS));
    for (let row = top; row < bottom; row += side) {
      for (let column = left; column < right; column += side) {
        const block = {
          left: column,
          top: row,
          right: Math.min(column + side, right),
          bottom: Math.min(row + side, bottom),
        };
        flatten(changed, width, block);
      }
    }
  }
  return { pixels: changed, width, height };
}

function flatten(
  pixels: Buffer,
  width: number,
  {
    left,
    top,
    right,
    bottom,
  }: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
): void {
  const sums = [0, 0, 0];
  const each = (visit: (at: number) => void) => {
    for (let row = top; row < bottom; row += 1) {
      for (let column = left; column < right; column += 1) visit((row * width + column) * 3);
    }
  };
  each((at) => {
    for (let channel = 0; channel < 3; channel += 1) sums[channel] = (sums[channel] ?? 0) + (pixels[at + channel] ?? 0);
  });
  const means = sums.map((sum) => Math.round(sum / ((right - left) * (bottom - top))));
  each((at) => {
    for (let channel = 0; channel < 3; channel += 1) pixels[at + channel] = means[channel] ?? 0;
  });
}
