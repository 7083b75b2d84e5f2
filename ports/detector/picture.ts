import { type BareJpeg, bareJpeg } from './bare-jpeg.ts';
import { createBareDecoder } from './decode-bare.ts';
import { pixelsOf, shrinkToGrey } from './grey.ts';
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

/** A picture of which as much is made as is asked for: not every one is looked at by a detector. */
export interface Decoded {
  readonly original: Size;
  /** Small and grey, for motion. */
  grey(cells: Size): Uint8Array;
  picture(): Picture;
  /** Gives its memory, and that of what `picture` has made, to the next ones. Whoever forgets it only wastes that. */
  done(): void;
}

/**
 * Decodes a JPEG once, for whoever looks at it at the size that `fit` says. What is plain goes the short way, as long as
 * nothing about it is odd; everything else goes to sharp, which knows all that a JPEG can be, and has the last word on
 * what is none.
 */
export function createPictureOpener(fit: (original: Size) => Size, bare: BareJpeg | null = bareJpeg) {
  const decodeBare = bare && createBareDecoder(bare, fit);
  return async (jpeg: Buffer): Promise<Decoded | NoPicture> =>
    (await decodeBare?.(jpeg)) ?? (await decodeCarefully(jpeg, fit));
}

/** For those who look at every one. */
export function createDecoder(fit: (original: Size) => Size, bare: BareJpeg | null = bareJpeg) {
  const open = createPictureOpener(fit, bare);
  return async (jpeg: Buffer): Promise<Picture | NoPicture> => {
    const decoded = await open(jpeg);
    return 'code' in decoded ? decoded : decoded.picture();
  };
}

async function decodeCarefully(jpeg: Buffer, fit: (original: Size) => Size): Promise<Decoded | NoPicture> {
  try {
    const image = openJpeg(jpeg);
    const { width, height } = (await image.metadata()).autoOrient;
    const original = { width, height };
    const size = fit(original);
    // libjpeg leaves out on the way what is not needed for this size.
    const rgb = await image
      .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    return {
      original,
      grey: (cells) => shrinkToGrey(pixelsOf(rgb), size, cells),
      picture: () => ({ rgb, ...size, original }),
      done: () => undefined,
    };
  } catch (error) {
    return whyNoPicture(error);
  }
}
