import { hash } from 'node:crypto';
import { type Blobs, requireKey } from '../ports/blobs/blobs.ts';
import type { NoPicture } from '../ports/detector/picture.ts';
import { Outage } from '../ports/errors.ts';
import { ERASED } from './device-step.ts';
import type { IsErased } from './erased-pictures.ts';
import type { TurnFrame } from './line-up.ts';

/** Throws `Outage` while the store cannot be had, `Doubted` while it may come to its senses. */
export type FetchPicture = (frame: TurnFrame) => Promise<Buffer | NoPicture>;

/** Something else came than was stored: here it is decided how long the frame is tried, and not by counting. */
export class Doubted extends Outage {
  readonly code = 'picture-changed';
}

/** How long the store is asked for what was stored before something else is believed. */
const DOUBTED_MS = 60_000;
/** How long it is then believed of others at once, so that a store full of changed pictures is not waited for at each. */
const BELIEVED_MS = 600_000;
const DOUBTED_MAX = 1_000;

/**
 * Pictures as they were stored: what the store answers is compared with what the frame's record says of it. A page of a
 * proxy that says it will be back soon is an outage, though it comes with a 200; only a store that goes on saying the same
 * is taken at its word, and the frame goes to the dead letters.
 */
export function createFetchPicture({
  blobs,
  isErased,
  monotonicMs = () => performance.now(),
}: {
  readonly blobs: Pick<Blobs, 'get'>;
  readonly isErased: IsErased;
  readonly monotonicMs?: () => number;
}): FetchPicture {
  const doubtedSinceMs = new Map<string, number>();
  let believedUntilMs = Number.NEGATIVE_INFINITY;
  return async (frame) => {
    const { blob_key: key } = frame;
    const jpeg = await readPicture(blobs, frame);
    if ('code' in jpeg || isWhatWasStored(jpeg, frame)) {
      doubtedSinceMs.delete(key);
      if ('code' in jpeg && jpeg.code === 'picture-missing' && (await isErased(frame))) {
        return { code: ERASED, message: `${key} was erased` };
      }
      return jpeg;
    }
    const nowMs = monotonicMs();
    const sinceMs = doubtedSinceMs.get(key) ?? nowMs;
    if (nowMs >= believedUntilMs && nowMs - sinceMs < DOUBTED_MS) {
      if (doubtedSinceMs.size >= DOUBTED_MAX) doubtedSinceMs.clear();
      doubtedSinceMs.set(key, sinceMs);
      throw new Doubted(`the picture ${key}`, `${jpeg.length} bytes came that are not those which were stored`);
    }
    if (doubtedSinceMs.delete(key)) believedUntilMs = nowMs + BELIEVED_MS;
    return { code: 'picture-changed', message: `${key} is not the picture that was stored` };
  };
}

/** Whatever is there. */
export async function readPicture(
  blobs: Pick<Blobs, 'get'>,
  { blob_key: key }: Pick<TurnFrame, 'blob_key'>,
): Promise<Buffer | NoPicture> {
  try {
    requireKey(key);
  } catch (error) {
    // Refused for good: taken for an outage, it would hold up the partition for ever.
    return { code: 'bad-blob-key', message: error instanceof Error ? error.message : String(error) };
  }
  return (await blobs.get(key)) ?? { code: 'picture-missing', message: `there is no ${key} in the blob store` };
}

/** Of a frame that is redriven with another picture nothing is known: whoever asked for it has put that there. */
function isWhatWasStored(jpeg: Buffer, { size_bytes, sha256 }: TurnFrame): boolean {
  const isAsLong = size_bytes === null || jpeg.length === size_bytes;
  return isAsLong && (sha256 === null || hash('sha256', jpeg, 'buffer').equals(sha256));
}
