import pLimit from 'p-limit';
import type { BareJpeg } from './bare-jpeg.ts';
import { shrinkToGrey } from './grey.ts';
import { openJpeg } from './jpeg.ts';
import type { Decoded, Size } from './picture.ts';
import { createPixelMemory } from './pixel-memory.ts';
import { readPlainJpeg } from './plain-jpeg.ts';
import { resizePixels } from './resize-pixels.ts';

/**
 * How many times larger than it is looked at a picture may be, in width and height. Of larger ones sharp has libjpeg
 * leave out what is not needed, which is cheaper from some three times on (`npm run bench:decode`).
 */
const SHRINK_MAX = 2.1;
/** As many as libuv has threads. */
const AT_ONCE = 4;

/** The short way: null for whatever is not plain, or turns out to be odd. */
export function createBareDecoder(bare: BareJpeg, fit: (original: Size) => Size) {
  const limit = pLimit(AT_ONCE);
  const memory = createPixelMemory();
  return async (jpeg: Buffer): Promise<Decoded | null> => {
    const plain = readPlainJpeg(jpeg);
    if (!plain) return null;
    const original = { width: plain.width, height: plain.height };
    const size = fit(original);
    if (original.width > SHRINK_MAX * size.width || original.height > SHRINK_MAX * size.height) return null;
    if (plain.hasExif && !(await isUpright(jpeg))) return null;
    return await limit(async () => {
      const bytes = memory.take(original.width * original.height * 4);
      const taken = [bytes];
      const done = () => {
        for (const memoryOfIt of taken.splice(0)) memory.giveBack(memoryOfIt);
      };
      if (!(await decodeWhole(jpeg, original, bytes))) {
        done();
        return null;
      }
      const pixels = new Int32Array(bytes.buffer);
      return {
        original,
        grey: (cells) => shrinkToGrey(pixels, original, cells),
        picture() {
          const rgb = memory.take(size.width * size.height * 3);
          taken.push(rgb);
          return { rgb: resizePixels(pixels, original, size, rgb), ...size, original };
        },
        done,
      };
    });
  };

  async function decodeWhole(jpeg: Buffer, { width, height }: Size, into: Buffer): Promise<boolean> {
    try {
      const decoded = await bare.decode(jpeg, into);
      return decoded.width === width && decoded.height === height;
    } catch {
      return false;
    }
  }
}

async function isUpright(jpeg: Buffer): Promise<boolean> {
  try {
    return ((await openJpeg(jpeg).metadata()).orientation ?? 1) === 1;
  } catch {
    return false;
  }
}
