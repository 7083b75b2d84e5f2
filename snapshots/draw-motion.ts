import type { Box } from '../schemas/types.ts';
import { sizeOfText } from './glyphs.ts';
import { laidOver, type OpenPicture } from './open-picture.ts';
import { areaOf, type Colour, createOverlay } from './overlay.ts';

export interface Motion {
  readonly picture: OpenPicture;
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
 * top left, in UTC. What is laid over it is drawn here, pixel by pixel: text by way of SVG would need fonts, and a loader
 * that jpeg.ts shuts for good reason.
 */
export async function drawMotion({ picture, boxes, atMs }: Motion): Promise<Buffer> {
  const { width, height } = picture;
  const overlay = createOverlay({ width, height });
  const areas = boxes.map((box) => areaOf(box, { width, height }));
  const thickness = Math.max(1, Math.round(Math.min(width, height) / 160));
  for (const area of areas) overlay.fill(area, VEIL);
  for (const area of areas) overlay.outline(area, thickness, RED);
  const text = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  overlay.write(text, { left: 0, top: 0, scale: scaleOf(text, width), ink: RED, plate: BLACK });
  return await laidOver(picture, overlay);
}

/** Large enough to read at a glance, and inside the picture if that is wide enough for the smallest. */
function scaleOf(text: string, width: number): number {
  return Math.max(1, Math.min(Math.round(width / 200), Math.floor(width / sizeOfText(text).columns)));
}
