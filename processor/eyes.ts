import type { Detection, Detector, PeopleBounds } from '../ports/detector/detector.ts';
import { createPictureOpener, type NoPicture, type Picture, type Size } from '../ports/detector/picture.ts';
import { appearanceOf } from './appearance.ts';
import type { ProcessorMetrics } from './metrics.ts';

/** A picture, decoded once for motion, the detector and whatever else looks at it. */
export interface Prepared {
  /** The size that the camera sent. */
  readonly original: Size;
  /** Small, for motion: one byte a cell. */
  readonly grey: Uint8Array;
  /** At the size at which the detector looks at it; made when it is asked for. */
  picture(): Picture;
  /** Lets go of its pixels: nobody looks at them any more. */
  done(): void;
}

export interface FoundObject extends Detection {
  /** Of people. */
  readonly appearance: Uint8Array | null;
}

export interface Found {
  /** People also of whom it is not sure: see `people`. */
  readonly objects: readonly FoundObject[];
  readonly people: PeopleBounds;
  readonly model: string;
}

export interface Eyes {
  /** Cheap, and of no state: done ahead. */
  prepare(jpeg: Buffer): Promise<Prepared | NoPicture>;
  /** Dear: done where the step asks for it. */
  find(prepared: Prepared): Promise<Found | NoPicture>;
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
  const open = createPictureOpener((original) => detector.fit(original));
  const { model, people } = detector;
  const isFaint = ({ className, confidence }: Detection) => className === 'person' && confidence < people.sure;
  return {
    async prepare(jpeg) {
      const decoded = await metrics.time('decode', () => open(jpeg));
      if ('code' in decoded) return decoded;
      const { original, picture, done } = decoded;
      return { original, grey: decoded.grey(greySize), picture, done };
    },
    async find(prepared) {
      const picture = prepared.picture();
      const objects = await metrics.time('infer', () => detector.detect(picture));
      if ('code' in objects) return objects;
      metrics.found(
        model,
        objects.filter((object) => !isFaint(object)).map(({ className }) => className),
      );
      const withLooks = objects.map((object) => ({
        ...object,
        appearance: object.className === 'person' ? appearanceOf(picture, object.box) : null,
      }));
      return { objects: withLooks, people, model };
    },
  };
}
