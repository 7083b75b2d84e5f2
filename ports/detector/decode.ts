import { openJpeg, whyNoPicture } from './jpeg.ts';

export interface GreyPicture {
  /** One byte a pixel, row by row. */
  readonly grey: Uint8Array;
  /** The size of the picture it was made from. */
  readonly width: number;
  readonly height: number;
}

/** A picture that cannot be had is bad input: a value with a reason, whose code is stable. */
export interface NoPicture {
  readonly code: string;
  readonly message: string;
}

export type DecodeGrey = (jpeg: Buffer) => Promise<GreyPicture | NoPicture>;

/** Decodes a JPEG to a small grey picture. */
export function createGreyDecoder(size: { readonly width: number; readonly height: number }): DecodeGrey {
  return async (jpeg) => {
    try {
      const image = openJpeg(jpeg);
      const { width, height } = await image.metadata();
      const grey = await image
        .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
        .toColourspace('b-w')
        .raw()
        .toBuffer();
      return { grey, width, height };
    } catch (error) {
      return whyNoPicture(error);
    }
  };
}
