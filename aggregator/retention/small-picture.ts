import { openJpeg, whyNoPicture } from '../../ports/detector/jpeg.ts';
import type { NoPicture } from '../../ports/detector/picture.ts';

/** One sees what happened, and not every hair. */
const QUALITY = 70;

/** The same in fewer bytes, upright and no wider than that; null where it is narrow enough, or would take no fewer. */
export async function makeSmaller(
  jpeg: Buffer,
  { widthMax }: { readonly widthMax: number },
): Promise<Buffer | NoPicture | null> {
  try {
    const { autoOrient } = await openJpeg(jpeg).metadata();
    if (autoOrient.width <= widthMax) return null;
    const small = await openJpeg(jpeg).resize({ width: widthMax }).jpeg({ quality: QUALITY }).toBuffer();
    return small.length < jpeg.length ? small : null;
  } catch (error) {
    return whyNoPicture(error);
  }
}

/**
 * Where the smaller picture lies: another name for each try, since what was stored under one is never changed; and one by
 * which its device is found, and the frame (schemas/blob-names.ts).
 */
export function smallKey(
  {
    deviceId,
    epoch,
    seq,
    capturedAtMs,
  }: { readonly deviceId: string; readonly epoch: number; readonly seq: number; readonly capturedAtMs: number },
  attempt: string,
): string {
  const day = new Date(capturedAtMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return `devices/${deviceId}/${day}/frame-${epoch}-${seq}.small-${attempt}.jpg`;
}
