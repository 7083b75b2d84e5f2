import type { Detection, Detector } from '../ports/detector/detector.ts';
import { shrinkToGrey } from '../ports/detector/grey.ts';
import { createDecoder, type NoPicture, type Size } from '../ports/detector/picture.ts';
import type { ProcessorMetrics } from './metrics.ts';

/** What there is to know of one picture by itself: all that the step is told of it. */
export interface Look {
  /** The size that the camera sent. */
  readonly original: Size;
  /** Small, for motion: one byte a cell. */
  readonly grey: Uint8Array;
  readonly objects: readonly Detection[];
  readonly model: string;
}

export type LookAt = (jpeg: Buffer) => Promise<Look | NoPicture>;

/** Decodes a picture once, for the detector and for motion alike. */
export function createLook({
  detector,
  greySize,
  metrics,
}: {
  readonly detector: Detector;
  readonly greySize: Size;
  readonly metrics: Pick<ProcessorMetrics, 'timeDetector' | 'found'>;
}): LookAt {
  const decode = createDecoder((original) => detector.fit(original));
  return async (jpeg) => {
    const picture = await decode(jpeg);
    if ('code' in picture) return picture;
    const objects = await metrics.timeDetector(() => detector.detect(picture));
    if ('code' in objects) return objects;
    metrics.found(
      detector.model,
      objects.map(({ className }) => className),
    );
    return { original: picture.original, grey: shrinkToGrey(picture, greySize), objects, model: detector.model };
  };
}
