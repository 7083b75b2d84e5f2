import { type BareJpeg, bareJpeg } from './bare-jpeg.ts';
import { createBareDecoder } from './decode-bare.ts';
import { openJpeg, whyNoPicture } from './jpeg.ts';

/** A decoded picture, at the size at which a detector looks at it. */
export interface Picture {
  /** Three bytes a pixel (red, green, blue), row by row. */
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The size that the camera sent, upright. */
  readonly original: Size;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture that cannot be had is bad input: a value with a reason, whose code is stable. */
export interface NoPicture {
  readonly code: string;
  readonly message: string;
}

export type Decode = (jpeg: Buffer) => Promise<Picture | NoPicture>;

/**
 * Decodes a JPEG once, to the size that `fit` says. What is plain goes the short way, as long as nothing about it is odd;
 * everything else goes to sharp, which knows all that a JPEG can be, and has the last word on what is none.
 */
export function createDecoder(fit: (original: Size) => Size, bare: BareJpeg | null = bareJpeg): Decode {
  const decodeBare = bare && createBareDecoder(bare, fit);
  return async (jpeg) => (await decodeBare?.(jpeg)) ?? (await decodeCarefully(jpeg, fit));
}

async function decodeCarefully(jpeg: Buffer, fit: (original: Size) => Size): Promise<Picture | NoPicture> {
  try {
    const image = openJpeg(jpeg);
    const { width, height } = (await image.metadata()).autoOrient;
    const size = fit({ width, height });
    const rgb = await image
      .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    return { rgb, ...size, original: { width, height } };
  } catch (error) {
    return whyNoPicture(error);
  }
}
