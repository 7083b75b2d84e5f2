import { awaitedMs, GAP_MAX_MS, paceOf } from './pace.ts';
import type { Person } from './tracks.ts';

/** When somebody whom frames do not show any more is absent, which ends their visit. Pure, in event time. */
export interface LastSight {
  readonly lastSeenAtMs: number;
  /** The first frame after it that did not show them, once there is one. */
  readonly unseenSinceMs: number | null;
}

/** A frame after the last sight did not show them. */
export type Missed<Known extends LastSight = LastSight> = Known & { readonly unseenSinceMs: number };

export function isUnseen<Known extends LastSight>(known: Known): known is Missed<Known> {
  return known.unseenSinceMs !== null;
}

/**
 * Not seen until now, or in frames for longer than the gap, of which `lookedAtMs` is the last: a camera that was slow when
 * somebody was missed may have become quick since.
 */
export function isAbsent(
  { lastSeenAtMs, unseenSinceMs }: Missed,
  now: { readonly atMs: number; readonly lookedAtMs: number; readonly absenceGapMs: number },
): boolean {
  const { atMs, lookedAtMs, absenceGapMs } = now;
  const gapMs = awaitedMs({ usualMs: absenceGapMs, paceMs: unseenSinceMs - lastSeenAtMs });
  return atMs - lastSeenAtMs > gapMs || lookedAtMs - unseenSinceMs > absenceGapMs;
}

/** In a track that was not there at the last sight: all of its sights are new. */
export function isNewTo({ lastSeenAtMs }: LastSight, { firstSeenAtMs }: Person): boolean {
  return firstSeenAtMs > lastSeenAtMs;
}

/** Since when somebody is back who is seen now: a track that is confirmed now was there before. */
export function backSinceMs(known: LastSight, person: Person, atMs: number): number {
  return isNewTo(known, person) ? person.firstSeenAtMs : atMs;
}

/** Whether somebody who is seen now was absent before. */
export function wasAbsent(
  known: LastSight,
  person: Person,
  {
    atMs,
    frameBeforeMs,
    absenceGapMs,
  }: { readonly atMs: number; readonly frameBeforeMs: number | null; readonly absenceGapMs: number },
): boolean {
  const backAtMs = backSinceMs(known, person, atMs);
  if (!isUnseen(known) || known.unseenSinceMs >= backAtMs) {
    return backAtMs - known.lastSeenAtMs > Math.max(absenceGapMs, GAP_MAX_MS);
  }
  const lookedAtMs = (isNewTo(known, person) ? person.unseenBeforeMs : frameBeforeMs) ?? backAtMs;
  return isAbsent(known, { atMs: backAtMs, lookedAtMs, absenceGapMs });
}

/** The pace is that of the first frame without them; until there is one, that of the last with them. */
export function awaitedUntilMs(
  { framesAtMs }: { readonly framesAtMs: readonly number[] },
  { lastSeenAtMs, unseenSinceMs }: LastSight,
  { absenceGapMs }: { readonly absenceGapMs: number },
): number {
  const paceMs = unseenSinceMs === null ? paceOf(framesAtMs) : unseenSinceMs - lastSeenAtMs;
  return lastSeenAtMs + awaitedMs({ usualMs: absenceGapMs, paceMs });
}
