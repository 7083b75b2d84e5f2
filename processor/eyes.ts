import type { Detection, Detector } from '../ports/detector/detector.ts';
import { shrinkToGrey } from '../ports/detector/grey.ts';
import { createDecoder, type NoPicture, type Picture, type Size } from '../ports/detector/picture.ts';
import type { ProcessorMetrics } from './metrics.ts';

/** A picture, decoded once for motion, the detector and whatever else looks at it. */
export interface Sight {
  /** The size that the camera sent. */
  readonly original: Size;
  /** Small, for motion: one byte a cell. */
  readonly grey: Uint8Array;
  readonly picture: Picture;
}

export interface Found {
  readonly objects: readonly Detection[];
  readonly model: string;
}

export interface Eyes {
  /** Cheap, and of no state: done ahead. */
  see(jpeg: Buffer): Promise<Sight | NoPicture>;
  /** Dear: done where the step asks for it. */
  find(sight: Sight): Promise<Found | NoPicture>;
}

export function createEyes({
  detector,
  greySize,
  metrics,
}: {
  readonly detector: Detector;
  readonly greySize: Size;
  readonly metrics: Pick<ProcessorMetrics, 'time' | 'found'>;
}): Eyes {
  const decode = createDecoder((original) => detector.fit(original));
  const { model } = detector;
  return {
    async see(jpeg) {
      const picture = await metrics.time('decode', () => decode(jpeg));
      if ('code' in picture) return picture;
      return { original: picture.original, grey: shrinkToGrey(picture, greySize), picture };
    },
    async find({ picture }) {
      const objects = await metrics.time('infer', () => detector.detect(picture));
      if ('code' in objects) return objects;
      metrics.found(
        model,
        objects.map(({ className }) => className),
      );
      return { objects, model };
    },
  };
}
