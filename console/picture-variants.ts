import pLimit from 'p-limit';
import sharp from 'sharp';
import { Problem } from '../http/problem.ts';
import { openPng } from '../ports/detector/jpeg.ts';

export const FORMATS = ['png', 'webp'] as const;

/** Of a drawn picture another form, made when it is asked for; nothing of it is kept. */
export interface Variant {
  readonly format: (typeof FORMATS)[number];
  /** Null for as wide as it was drawn; it is never made wider. */
  readonly width: number | null;
}

/** Beside each other, and in line for that; who comes then is told to come again. */
const AT_ONCE = 2;
const WAITING_MAX = 64;
const WEBP_QUALITY = 80;

const limit = pLimit(AT_ONCE);

/** By what the bytes follow from, beside the picture: the same release of the codecs gives the same ones. */
export function nameOf({ format, width }: Variant): string {
  return `${width ?? 'whole'}.${format}.${sharp.versions.vips}`;
}

export async function makeVariant(png: Buffer, { format, width }: Variant): Promise<Buffer> {
  if (limit.pendingCount >= WAITING_MAX) {
    const detail = 'Too many pictures are being made smaller just now.';
    throw new Problem({ status: 503, code: 'busy', detail, headers: { 'retry-after': '1' } });
  }
  return await limit(async () => {
    const image = openPng(png).resize({ ...(width === null ? {} : { width }), withoutEnlargement: true });
    return await (format === 'webp' ? image.webp({ quality: WEBP_QUALITY }) : image.png()).toBuffer();
  });
}
