import type { Frame } from '../schemas/types.ts';

/**
 * Puts a lane's frames back into the order in which they were taken, before they are stepped (promise 6). Uploads
 * overtake each other by up to 2 s; what is later than that goes to the backlog, where ingest tells. A frame is held
 * only while one that belongs before it may still come. Pure, in event time.
 *
 * The order: numbered frames (epoch 1 and up) by epoch and seq, since a device's own numbers outlive a clock that is
 * set back; those without a number of their own (epoch 0) by capture time. Where a device sends both, the one of the
 * two next in line that was taken earlier goes first: then, and when a clock is set back by more than what is left of
 * the 2 s, a frame may come too late for its place. It is released all the same, and the step skips it.
 *
 * What must take effect at a definite place among the frames, releases what is held before it (`releaseAll`): a frame
 * that comes after it in the log is stepped after it, even if it was taken before. So order is made between controls,
 * and never across one.
 */
export interface Reorder<Arrival extends Arrived> {
  readonly held: readonly Arrival[];
  /** The newest capture time that has come. A tick does not move it: a network that stalled may bring frames from before. */
  readonly newestAtMs: number | null;
  /** The last in their order of the numbered frames that were released. */
  readonly last: FrameNumber | null;
}

/** A frame, and whatever its owner needs beside it once it is released. */
export interface Arrived {
  readonly frame: FrameNumber & Pick<Frame, 'captured_at'>;
}

type FrameNumber = Pick<Frame, 'epoch' | 'seq'>;

/** As ingest chooses the lane. */
const DISORDER_MAX_MS = 2_000;
/** Two seconds of a quick camera. Of more, the first in line do not wait longer. */
export const HELD_MAX = 48;

export const nothingHeld: Reorder<never> = { held: [], newestAtMs: null, last: null };

type Released<Arrival extends Arrived> = readonly [Reorder<Arrival>, readonly Arrival[]];

/** Second copies are kept out before: a frame is seen once it is taken in, not only when it is released. */
export function takeIn<Arrival extends Arrived>(before: Reorder<Arrival>, arrival: Arrival): Released<Arrival> {
  const newestAtMs = Math.max(before.newestAtMs ?? arrival.frame.captured_at, arrival.frame.captured_at);
  return release({ ...before, newestAtMs, held: [...before.held, arrival] }, newestAtMs);
}

/** Event time has come to `atMs` although no frame says so. A tick that is late, or comes twice, changes nothing. */
export function passTime<Arrival extends Arrived>(before: Reorder<Arrival>, atMs: number): Released<Arrival> {
  return release(before, Math.max(atMs, before.newestAtMs ?? atMs));
}

export function releaseAll<Arrival extends Arrived>(before: Reorder<Arrival>): Released<Arrival> {
  return release(before, Number.POSITIVE_INFINITY);
}

/** A tick after this moment releases a frame, if no other does it before; null when none is held. */
export function heldDueMs({ held }: Reorder<Arrived>): number | null {
  const first = firstOf(held);
  return first ? first.frame.captured_at + DISORDER_MAX_MS : null;
}

function release<Arrival extends Arrived>(before: Reorder<Arrival>, nowMs: number): Released<Arrival> {
  let { held, last } = before;
  const released: Arrival[] = [];
  for (;;) {
    const first = firstOf(held);
    if (!first) break;
    const { frame } = first;
    const isDue = nowMs - frame.captured_at > DISORDER_MAX_MS;
    if (!isDue && !isNextTo(last, frame) && held.length <= HELD_MAX) break;
    held = held.filter((one) => one !== first);
    last = isNumbered(first) && (!last || compareNumbers(last, frame) < 0) ? numberOf(frame) : last;
    released.push(first);
  }
  return [{ ...before, held, last }, released];
}

function firstOf<Arrival extends Arrived>(held: readonly Arrival[]): Arrival | undefined {
  const [numbered] = held.filter(isNumbered).toSorted((a, b) => compareNumbers(a.frame, b.frame));
  const [other] = held
    .filter((one) => !isNumbered(one))
    .toSorted((a, b) => a.frame.captured_at - b.frame.captured_at || compareNumbers(a.frame, b.frame));
  if (!numbered || !other) return numbered ?? other;
  return other.frame.captured_at < numbered.frame.captured_at ? other : numbered;
}

/** Nothing can be missing before it: it follows the last one, or is late. Of an epoch's first, only the very first tells. */
function isNextTo(last: FrameNumber | null, { epoch, seq }: FrameNumber): boolean {
  if (epoch === 0) return false;
  if (last === null) return epoch === 1 && seq === 0;
  return epoch === last.epoch ? seq <= last.seq + 1 : epoch < last.epoch;
}

function isNumbered({ frame }: Arrived): boolean {
  return frame.epoch > 0;
}

function compareNumbers(a: FrameNumber, b: FrameNumber): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

function numberOf({ epoch, seq }: FrameNumber): FrameNumber {
  return { epoch, seq };
}
