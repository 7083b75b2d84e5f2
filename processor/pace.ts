/**
 * How long something may go unseen before it counts as gone, from a camera of five frames a second to one of a frame in
 * half a minute. Pure, in event time.
 */

/** Frames further apart than this have nothing to do with each other. */
export const GAP_MAX_MS = 120_000;

/** One frame may miss it, and the next one may come half a pace late. */
const PACES_AWAITED = 2.5;

/** In whole milliseconds, as ticks tell it. The usual time; of a camera that is slower than that, until the second frame from where it was seen last. */
export function awaitedMs({ usualMs, paceMs }: { readonly usualMs: number; readonly paceMs: number }): number {
  return Math.max(usualMs, Math.min(Math.ceil(PACES_AWAITED * paceMs), GAP_MAX_MS));
}

/** By the last two frames. */
export function paceOf(framesAtMs: readonly number[]): number {
  const [before = 0, last = before] = framesAtMs.slice(-2);
  return last - before;
}
