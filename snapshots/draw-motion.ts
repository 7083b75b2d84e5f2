import sharp from 'sharp';
import { openJpeg, whyNoPicture } from '../ports/detector/jpeg.ts';
import type { NoPicture } from '../ports/detector/picture.ts';
import type { Box } from '../schemas/types.ts';
import { sizeOfText } from './glyphs.ts';
import { areaOf, type Colour, createOverlay } from './overlay.ts';

export interface Motion {
  readonly jpeg: Buffer;
  /** Where it moved. */
  readonly boxes: readonly Box[];
  /** When the picture was taken. */
  readonly atMs: number;
}

const RED: Colour = [255, 0, 0, 255];
/** 30 % of red: the picture stays visible below it. */
const VEIL: Colour = [255, 0, 0, 77];
const BLACK: Colour = [0, 0, 0, 255];

/**
 * The picture of a motion, as PNG: where it moved lies under a red veil with a red outline, and the time stands at the
 * top left, in UTC. The same motion gives the same bytes. What is laid over it is drawn here, pixel by pixel: text by
 * way of SVG would need fonts, and a loader that jpeg.ts shuts for good reason.
 */
export async function drawMotion({ jpeg, boxes, atMs }: Motion): Promise<Buffer | NoPicture> {
  const picture = await decode(jpeg);
  if ('code' in picture) return picture;
  const { width, height } = picture.raw;
  const overlay = createOverlay({ width, height });
  const areas = boxes.map((box) => areaOf(box, { width, height }));
  const thickness = Math.max(1, Math.round(Math.min(width, height) / 160));
  for (const area of areas) overlay.fill(area, VEIL);
  for (const area of areas) overlay.outline(area, thickness, RED);
  const text = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  overlay.write(text, { scale: scaleOf(text, width), ink: RED, plate: BLACK });
  return await sharp(picture.pixels, { raw: picture.raw })
    .composite([{ input: overlay.rgba, raw: { width, height, channels: 4 } }])
    .removeAlpha()
    .png()
    .toBuffer();
}

/** Apart from the drawing: what fails here is the picture's fault, what fails there is ours. */
async function decode(jpeg: Buffer) {
  try {
    const image = openJpeg(jpeg).toColourspace('srgb').removeAlpha().raw();
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return { pixels: data, raw: { width, height, channels } };
  } catch (error) {
    return whyNoPicture(error);
  }
}

/** Large enough to read at a glance, and inside the picture if that is wide enough for the smallest. */
function scaleOf(text: string, width: number): number {
  return Math.max(1, Math.min(Math.round(width / 200), Math.floor(width / sizeOfText(text).columns)));
}
