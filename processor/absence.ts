import { awaitedMs, paceOf } from './pace.ts';
import type { Visit } from './visit.ts';

/** When somebody whom frames do not show any more is absent, which ends their visit. Pure, in event time. */

/** A frame after the last sight did not show them. */
export type Missed = Visit & { readonly unseenSinceMs: number };

export function isUnseen(visit: Visit): visit is Missed {
  return visit.unseenSinceMs !== null;
}

/**
 * Not seen until now, or in frames for longer than the gap, of which `lookedAtMs` is the last: a camera that was slow when
 * somebody was missed may have become quick since.
 */
export function isAbsent(
  missed: Missed,
  now: { readonly atMs: number; readonly lookedAtMs: number; readonly absenceGapMs: number },
): boolean {
  const { lastSeenAtMs, unseenSinceMs } = missed;
  const { atMs, lookedAtMs, absenceGapMs } = now;
  const gapMs = awaitedMs({ usualMs: absenceGapMs, paceMs: unseenSinceMs - lastSeenAtMs });
  return atMs - lastSeenAtMs > gapMs || lookedAtMs - unseenSinceMs > absenceGapMs;
}

export function isMissed(visit: Visit, backAtMs: number): visit is Missed {
  return isUnseen(visit) && visit.unseenSinceMs < backAtMs;
}

/** The pace is that of the first frame without them; until there is one, that of the last with them. */
export function awaitedUntilMs(
  { framesAtMs }: { readonly framesAtMs: readonly number[] },
  { lastSeenAtMs, unseenSinceMs }: Visit,
  { absenceGapMs }: { readonly absenceGapMs: number },
): number {
  const paceMs = unseenSinceMs === null ? paceOf(framesAtMs) : unseenSinceMs - lastSeenAtMs;
  return lastSeenAtMs + awaitedMs({ usualMs: absenceGapMs, paceMs });
}
