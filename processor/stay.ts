import type { DeviceSettings } from '../schemas/device-settings.ts';
import { contains, type Point } from './floor.ts';
import type { PlaceSight } from './place-telling.ts';

/**
 * One person's stay in one zone. They are in it while their foot point is; a detection jitters, so that going in or out
 * counts once it has held for `inertiaMs`. It is then dated back to when it began: inertia never lengthens or shortens a
 * stay. Pure, in event time.
 */
export interface Stay {
  readonly zoneId: string;
  /** What shows them going in. */
  readonly entry: PlaceSight;
  readonly enteredAtMs: number;
  /** Whether going in has held for long enough: else it is not spoken of. */
  readonly isInside: boolean;
  /** Since when they are out again, while that has not yet held for long enough. */
  readonly outSinceMs: number | null;
  readonly loitered: boolean;
  /** How often it was told that they went in, or that this is over; 0 for never. */
  readonly version: number;
  /** Told to be over by a tick; a frame may still go on with it. */
  readonly over: boolean;
}

export type Zone = DeviceSettings['zones'][number];

export interface StayThresholds {
  readonly inertiaMs: number;
  readonly loiteringMs: number;
}

/** What has become of it in a frame that shows its person. */
export type StayStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'on'; readonly stay: Stay; readonly news: readonly ('entered' | 'reopened' | 'loitering')[] }
  | { readonly kind: 'left'; readonly stay: Stay; readonly leftAtMs: number };

export function stepStay(
  before: Stay | undefined,
  zone: Zone,
  { atMs, foot, sight }: { readonly atMs: number; readonly foot: Point; readonly sight: PlaceSight },
  { inertiaMs, loiteringMs }: StayThresholds,
): StayStep {
  const isIn = contains(zone.points, foot);
  if (!before?.isInside) {
    if (!isIn) return { kind: 'none' };
    const stay = before ?? begin(zone.id, sight, atMs);
    const holds = atMs - stay.enteredAtMs >= inertiaMs;
    return { kind: 'on', stay: { ...stay, isInside: holds }, news: holds ? ['entered'] : [] };
  }
  if (!isIn) {
    const outSinceMs = before.outSinceMs ?? atMs;
    if (atMs - outSinceMs >= inertiaMs) return { kind: 'left', stay: before, leftAtMs: outSinceMs };
    return { kind: 'on', stay: { ...before, outSinceMs }, news: [] };
  }
  const loiters = !before.loitered && atMs - before.enteredAtMs >= loiteringMs;
  const stay = { ...before, outSinceMs: null, over: false, loitered: before.loitered || loiters };
  return {
    kind: 'on',
    stay,
    news: [...(before.over ? (['reopened'] as const) : []), ...(loiters ? (['loitering'] as const) : [])],
  };
}

/** When it ended of which nothing more will be seen; null for what never was one. */
export function endedAtMs({ isInside, outSinceMs }: Stay, lastSeenAtMs: number): number | null {
  return isInside ? (outSinceMs ?? lastSeenAtMs) : null;
}

function begin(zoneId: string, entry: PlaceSight, enteredAtMs: number): Stay {
  return {
    zoneId,
    entry,
    enteredAtMs,
    isInside: false,
    outSinceMs: null,
    loitered: false,
    version: 0,
    over: false,
  };
}
