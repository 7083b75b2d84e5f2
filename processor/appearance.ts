import type { Picture } from '../ports/detector/picture.ts';
import type { Box } from '../schemas/types.ts';

/**
 * How somebody looks, in 60 bytes: the colours of head, trunk and legs. Pure. Cheap enough for every person in every
 * frame, and good enough to tell who wears what; it does not know a face, and two in the same uniform look alike.
 *
 * A sample counts towards a hue as far as it has one, and else towards a grey, each shared between its two neighbours,
 * so that a little more light moves the histogram a little. What is kept is the roots of the shares, whose product with
 * another's is then the Bhattacharyya coefficient.
 */
const PARTS = [
  // From the box's top, as shares of its height; the middle of its width, since its sides show what is behind.
  { top: 0, bottom: 0.16, across: 0.4, weight: 0.15 },
  { top: 0.18, bottom: 0.5, across: 0.6, weight: 0.5 },
  { top: 0.52, bottom: 0.92, across: 0.5, weight: 0.35 },
] as const;
const SAMPLES = { columns: 6, rows: 8 };
const HUES = 8;
const GREYS = 4;
/** Every hue dark and bright, and the greys. */
const BINS = 2 * HUES + GREYS;
const LENGTH = 255;

export const APPEARANCE_BYTES = PARTS.length * BINS;

export function appearanceOf({ rgb, width, height }: Omit<Picture, 'original'>, box: Box): Uint8Array {
  const shares = new Float64Array(APPEARANCE_BYTES);
  for (const [at, part] of PARTS.entries()) {
    const bins = shares.subarray(at * BINS, (at + 1) * BINS);
    for (let row = 0; row < SAMPLES.rows; row += 1) {
      const down = part.top + ((row + 0.5) / SAMPLES.rows) * (part.bottom - part.top);
      const y = pixelAt(box.y + down * box.height, height);
      for (let column = 0; column < SAMPLES.columns; column += 1) {
        const along = 0.5 + ((column + 0.5) / SAMPLES.columns - 0.5) * part.across;
        const pixel = (y * width + pixelAt(box.x + along * box.width, width)) * 3;
        count(bins, rgb[pixel] ?? 0, rgb[pixel + 1] ?? 0, rgb[pixel + 2] ?? 0);
      }
    }
    const scale = part.weight / (SAMPLES.rows * SAMPLES.columns);
    for (let bin = 0; bin < BINS; bin += 1) bins[bin] = Math.sqrt((bins[bin] ?? 0) * scale);
  }
  return unit(shares);
}

/** 1 for the same, 0 for nothing in common. */
export function similarity(a: Uint8Array, b: Uint8Array): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let at = 0; at < a.length; at += 1) {
    const [one, other] = [a[at] ?? 0, b[at] ?? 0];
    product += one * other;
    ofA += one * one;
    ofB += other * other;
  }
  return product === 0 ? 0 : Math.min(1, product / Math.sqrt(ofA * ofB));
}

/** What is known, moved towards what is seen by a share of the way. */
export function blend(known: Uint8Array, seen: Uint8Array, share: number): Uint8Array {
  const between = new Float64Array(known.length);
  for (let at = 0; at < known.length; at += 1) {
    const one = known[at] ?? 0;
    between[at] = one + ((seen[at] ?? 0) - one) * share;
  }
  return unit(between);
}

function pixelAt(share: number, size: number): number {
  return Math.min(size - 1, Math.max(0, Math.floor(share * size)));
}

function count(bins: Float64Array, red: number, green: number, blue: number): void {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  const value = most / 255;
  // In the dark a camera's noise has colours: saturation counts for little there.
  const chroma = Math.min(1, (range / (most + 24)) * 1.6);
  const grey = value * (GREYS - 1);
  const darker = Math.min(GREYS - 2, Math.floor(grey));
  add(bins, 2 * HUES + darker, (1 - chroma) * (1 - grey + darker));
  add(bins, 2 * HUES + darker + 1, (1 - chroma) * (grey - darker));
  if (range === 0) return;
  const hue = (hueOf(red, green, blue, most, range) / 6) * HUES;
  const first = Math.floor(hue);
  const ofSecond = chroma * (hue - first);
  const ofFirst = chroma - ofSecond;
  const second = (first + 1) % HUES;
  add(bins, first % HUES, ofFirst * (1 - value));
  add(bins, second, ofSecond * (1 - value));
  add(bins, HUES + (first % HUES), ofFirst * value);
  add(bins, HUES + second, ofSecond * value);
}

/** 0 to 6, once around. */
function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  if (most === red) return ((green - blue) / range + 6) % 6;
  return most === green ? (blue - red) / range + 2 : (red - green) / range + 4;
}

function add(bins: Float64Array, bin: number, share: number): void {
  bins[bin] = (bins[bin] ?? 0) + share;
}

/** In bytes, at the length that all have, as far as bytes can. */
function unit(vector: Float64Array): Uint8Array {
  let squares = 0;
  for (const one of vector) squares += one * one;
  const scale = squares === 0 ? 0 : LENGTH / Math.sqrt(squares);
  const bytes = new Uint8Array(vector.length);
  for (let at = 0; at < vector.length; at += 1) bytes[at] = Math.round((vector[at] ?? 0) * scale);
  return bytes;
}
