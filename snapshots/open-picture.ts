import sharp from 'sharp';
import { openJpeg, whyNoPicture } from '../ports/detector/jpeg.ts';
import type { NoPicture } from '../ports/detector/picture.ts';
import type { Overlay } from './overlay.ts';

/** A frame's picture, decoded: three bytes for each pixel. */
export interface OpenPicture {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Apart from the drawing: what fails here is the picture's fault, what fails there is ours. */
export async function openPicture(jpeg: Buffer): Promise<OpenPicture | NoPicture> {
  try {
    const image = openJpeg(jpeg).toColourspace('srgb').removeAlpha().raw();
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    return { pixels: data, width: info.width, height: info.height };
  } catch (error) {
    return whyNoPicture(error);
  }
}

/** As PNG, with what is laid over it. The same gives the same bytes. */
export async function laidOver({ pixels, width, height }: OpenPicture, { rgba }: Overlay): Promise<Buffer> {
  return await sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: rgba, raw: { width, height, channels: 4 } }])
    .removeAlpha()
    .png()
    .toBuffer();
}
