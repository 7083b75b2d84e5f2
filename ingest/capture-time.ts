import type { TimeQuality } from '../schemas/types.ts';

const FUTURE_MAX_MS = 5 * 60_000;
/** A camera without a clock counts from its boot, or from 1970 or 2000; no camera of ours is older than this. */
const EARLIEST_MS = Date.UTC(2015, 0, 1);

/** When a picture was taken, as far as the device's word can be believed. Fixed here and never mapped again. */
export function captureTime(statedMs: number, nowMs: number): { capturedAtMs: number; timeQuality: TimeQuality } {
  const believable = statedMs >= EARLIEST_MS && statedMs <= nowMs + FUTURE_MAX_MS;
  return believable
    ? { capturedAtMs: statedMs, timeQuality: 'device' }
    : { capturedAtMs: nowMs, timeQuality: 'arrival' };
}
