import type { Size } from './picture.ts';

/** Red and blue of a pixel, with room above each: both are weighed by one multiplication. */
const RED_BLUE = 0xff00ff;
const GREEN = 0xff00;
/** Weights of two neighbours; a product of one across and one down adds up to 256 over four pixels. */
const WEIGHT = 16;
/** Half of what is cut off, for red and blue, and for green. */
const [HALF_RED_BLUE, HALF_GREEN] = [0x800080, 0x8000];

/**
 * Pixels of four bytes, as one number each (red lowest), to three bytes a pixel at another size: each between the four
 * nearest. Down to half the size all of them count; beyond that some would be left out.
 */
export function resizePixels(
  pixels: Int32Array,
  { width, height }: Size,
  to: Size,
  rgb: Uint8Array = Buffer.allocUnsafeSlow(to.width * to.height * 3),
): Uint8Array {
  // libvips puts enlarged pictures half of their pixels further right and down: the same here, so that it does not
  // matter to a box which way its picture came.
  const middle = to.width > width || to.height > height ? 0 : 0.5;
  const [columns, shares] = neighbours(width, to.width, middle);
  const [rows, lowerShares] = neighbours(height, to.height, middle);
  // A single column or row has no neighbour, and nobody's share is above 0.
  const right = width > 1 ? 1 : 0;
  const below = height > 1 ? width : 0;
  let out = 0;
  for (let row = 0; row < to.height; row += 1) {
    const start = (rows[row] as number) * width;
    const lower = lowerShares[row] as number;
    for (let column = 0; column < to.width; column += 1) {
      const at = start + (columns[column] as number);
      const righter = shares[column] as number;
      const a = pixels[at] as number;
      const b = pixels[at + right] as number;
      const c = pixels[at + below] as number;
      const d = pixels[at + below + right] as number;
      const ofD = Math.imul(righter, lower);
      const ofC = Math.imul(lower, WEIGHT) - ofD;
      const ofB = Math.imul(righter, WEIGHT) - ofD;
      const ofA = WEIGHT * WEIGHT - ofB - ofC - ofD;
      // The upper of the two channels reaches the sign: each sum is cut to 32 bits, or it would become a float.
      let redBlue = (Math.imul(a & RED_BLUE, ofA) + Math.imul(b & RED_BLUE, ofB)) | 0;
      redBlue = (redBlue + Math.imul(c & RED_BLUE, ofC)) | 0;
      redBlue = (redBlue + Math.imul(d & RED_BLUE, ofD)) | 0;
      redBlue = (redBlue + HALF_RED_BLUE) | 0;
      let green = (Math.imul(a & GREEN, ofA) + Math.imul(b & GREEN, ofB)) | 0;
      green = (green + Math.imul(c & GREEN, ofC) + Math.imul(d & GREEN, ofD) + HALF_GREEN) | 0;
      rgb[out] = redBlue >>> 8;
      rgb[out + 1] = green >>> 16;
      rgb[out + 2] = redBlue >>> 24;
      out += 3;
    }
  }
  return rgb;
}

/** For each of `to` places the first of its two neighbours, and the share of the second. */
function neighbours(from: number, to: number, middle: number): readonly [Int32Array, Int32Array] {
  const firsts = new Int32Array(to);
  const shares = new Int32Array(to);
  for (let place = 0; place < to; place += 1) {
    const at = Math.min(from - 1, Math.max(0, ((place + middle) * from) / to - 0.5));
    const first = Math.max(0, Math.min(from - 2, Math.floor(at)));
    firsts[place] = first;
    shares[place] = Math.round((at - first) * WEIGHT);
  }
  return [firsts, shares];
}
