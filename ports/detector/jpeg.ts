import sharp, { type Sharp } from 'sharp';
import type { NoPicture } from './picture.ts';

const PIXELS_MAX = 8_000_000;

// libvips reads dozens of formats; a camera sends one, we draw in another, and every other loader is only a way in. All threads
// of a process share what is shut.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer'] });
// Pictures are many and small: one thread for each, several at once. And none comes twice.
sharp.concurrency(1);
sharp.cache(false);

/**
 * A camera's picture, to be decoded: all of it or none, and upright where it says how it was held, as browsers show it.
 * The work is done by libvips, off the event loop.
 */
export function openJpeg(jpeg: Buffer): Sharp {
  // By its first bytes a loader is chosen, and what a camera calls a JPEG is to meet no other.
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) throw new Error('it does not begin as a JPEG does');
  return sharp(jpeg, { failOn: 'error', limitInputPixels: PIXELS_MAX, sequentialRead: true, autoOrient: true });
}

/** A picture that we have drawn. */
export function openPng(png: Buffer): Sharp {
  return sharp(png, { failOn: 'error', limitInputPixels: PIXELS_MAX, sequentialRead: true });
}

/**
 * In words of our own: libvips keeps one text for all threads, so what it says of a picture depends on what else it was
 * doing, and the same picture must give the same dead letter.
 */
export function whyNoPicture(error: unknown): NoPicture {
  const tooLarge = error instanceof Error && error.message.includes('pixel limit');
  return tooLarge
    ? { code: 'too-many-pixels', message: `the picture has more than ${PIXELS_MAX} pixels` }
    : { code: 'undecodable', message: 'the bytes are not those of a whole JPEG' };
}
