import sharp from 'sharp';

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

const PIXELS_MAX = 8_000_000;

// libvips reads dozens of formats; a camera sends one, and every other loader is only a way in.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer'] });
// Pictures are many and small: one thread for each, several at once. And none comes twice.
sharp.concurrency(1);
sharp.cache(false);

/** Decodes a JPEG to a small grey picture. The work is done by libvips, off the event loop. */
export function createGreyDecoder(size: { readonly width: number; readonly height: number }): DecodeGrey {
  return async (jpeg) => {
    try {
      const image = sharp(jpeg, { failOn: 'error', limitInputPixels: PIXELS_MAX, sequentialRead: true });
      const { width, height } = await image.metadata();
      const grey = await image
        .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
        .toColourspace('b-w')
        .raw()
        .toBuffer();
      return { grey, width, height };
    } catch (error) {
      return whyNot(error);
    }
  };
}

/**
 * In words of our own: libvips keeps one text for all threads, so what it says of a picture depends on what else it was
 * doing, and the same picture must give the same dead letter.
 */
function whyNot(error: unknown): NoPicture {
  const tooLarge = error instanceof Error && error.message.includes('pixel limit');
  return tooLarge
    ? { code: 'too-many-pixels', message: `the picture has more than ${PIXELS_MAX} pixels` }
    : { code: 'undecodable', message: 'the bytes are not those of a whole JPEG' };
}
