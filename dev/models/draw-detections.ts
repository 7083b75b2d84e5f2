import type { Detection } from '../../ports/detector/detector.ts';
import { openJpeg } from '../../ports/detector/jpeg.ts';
import type { Size } from '../../ports/detector/picture.ts';
import { areaOf, createOverlay } from '../../snapshots/overlay.ts';

const GREEN = [0, 255, 0, 255] as const;
const BLACK = [0, 0, 0, 255] as const;

/** The picture with its boxes, as PNG; the surest lies on top. */
export async function drawDetections(jpeg: Buffer, size: Size, detections: readonly Detection[]): Promise<Buffer> {
  const overlay = createOverlay(size);
  const thickness = Math.max(1, Math.round(Math.min(size.width, size.height) / 160));
  for (const { box } of detections.toReversed()) {
    const area = areaOf(box, size);
    overlay.outline(area, 3 * thickness, BLACK);
    overlay.outline(area, thickness, GREEN);
  }
  return await openJpeg(jpeg)
    .composite([{ input: overlay.rgba, raw: { ...size, channels: 4 } }])
    .png()
    .toBuffer();
}
