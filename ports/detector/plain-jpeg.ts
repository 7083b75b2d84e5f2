/** A JPEG as cameras send it, read as far as where its pixels begin. */
export interface PlainJpeg {
  readonly width: number;
  readonly height: number;
  /** It may say how the camera was held; only sharp knows how to read that. */
  readonly hasExif: boolean;
}

const [START, FRAME, SCAN] = [0xffd8, 0xffc0, 0xffda];
const [JFIF, EXIF] = [0xffe0, 0xffe1];
/** Tables, the restart interval, comments: nothing that changes what the picture is. */
const PASSED_OVER = [0xffdb, 0xffc4, 0xffdd, 0xfffe, JFIF, EXIF];
const COLOURS = 3;

/**
 * Null for whatever asks for care: progressive, grey, CMYK, with a colour profile, or no JPEG at all. Strict on purpose:
 * a marker that is not known here, or a byte between two of them, and the picture is not plain.
 */
export function readPlainJpeg(jpeg: Buffer): PlainJpeg | null {
  if (jpeg.length < 4 || jpeg.readUInt16BE(0) !== START) return null;
  let size: { readonly width: number; readonly height: number } | null = null;
  let hasExif = false;
  let at = 2;
  while (at + 4 <= jpeg.length) {
    const marker = jpeg.readUInt16BE(at);
    const next = at + 2 + jpeg.readUInt16BE(at + 2);
    if (marker === SCAN) return size && { ...size, hasExif };
    if (marker === FRAME) {
      if (size || at + 10 > jpeg.length || jpeg[at + 4] !== 8 || jpeg[at + 9] !== COLOURS) return null;
      size = { height: jpeg.readUInt16BE(at + 5), width: jpeg.readUInt16BE(at + 7) };
    } else if (!PASSED_OVER.includes(marker)) return null;
    hasExif ||= marker === EXIF;
    at = next;
  }
  return null;
}
