import type { TimeQuality } from '../schemas/types.ts';

const FUTURE_MAX_MS = 5 * 60_000;
/** A camera without a clock counts from its boot, or from 1970 or 2000; no camera of ours is older than this. */
const EARLIEST_MS = Date.UTC(2015, 0, 1);

/** What a device says of when it took a picture. */
export interface StatedTime {
  /** By its own clock. */
  readonly statedMs: number | null;
  /** Whether that clock is set. */
  readonly ntpSynced?: boolean;
  /** By the counter that begins at each boot, where it is known when that was. */
  readonly sinceBoot?: { readonly bootedAtMs: number; readonly uptimeMs: number } | null;
}

/** When a picture was taken, as far as the device's word can be believed. Fixed here and never mapped again. */
export function captureTime(
  { statedMs, ntpSynced = false, sinceBoot = null }: StatedTime,
  nowMs: number,
): { capturedAtMs: number; timeQuality: TimeQuality } {
  const believable = (ms: number) => ms >= EARLIEST_MS && ms <= nowMs + FUTURE_MAX_MS;
  const clock = statedMs !== null && believable(statedMs) ? statedMs : null;
  if (ntpSynced && clock !== null) return { capturedAtMs: clock, timeQuality: 'ntp' };
  if (sinceBoot !== null) {
    const capturedAtMs = Math.round(sinceBoot.bootedAtMs + sinceBoot.uptimeMs);
    if (believable(capturedAtMs)) return { capturedAtMs, timeQuality: 'uptime' };
  }
  if (clock !== null) return { capturedAtMs: clock, timeQuality: 'device' };
  return { capturedAtMs: nowMs, timeQuality: 'arrival' };
}
