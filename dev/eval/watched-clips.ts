import { readFileSync } from 'node:fs';
import type { TrueVisit } from './visits.ts';

/** What a person saw in a public clip, by looking at its frames: the JSON files beside this one. */
export interface WatchedClip {
  /** The file's name; the clip itself is not part of this repository. */
  readonly clip: string;
  readonly fps: number;
  readonly duration_s: number;
  readonly visits: readonly WatchedVisit[];
}

interface WatchedVisit {
  readonly person: string;
  readonly visible_from_s: number;
  /** A detector cannot see a shoe: the time in which about half of the body is in the picture, where somebody noted it. */
  readonly half_visible_from_s?: number;
  readonly half_visible_until_s?: number;
  readonly visible_until_s: number;
}

export const WATCHED = ['one-by-one', 'store-aisle', 'classroom', 'car'] as const;

export function readWatchedClip(name: (typeof WATCHED)[number]): WatchedClip {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as WatchedClip;
}

/** The visits as they are to be found when the clip's first frame is of `startMs`. */
export function trueVisits(
  { visits }: WatchedClip,
  { startMs, seen }: { readonly startMs: number; readonly seen: 'at-all' | 'by-half' },
): readonly TrueVisit[] {
  return visits.map(({ person, visible_from_s: from, visible_until_s: until, ...half }) => {
    const opened = seen === 'at-all' ? from : (half.half_visible_from_s ?? from);
    const ended = seen === 'at-all' ? until : (half.half_visible_until_s ?? until);
    return { person, openedAtMs: startMs + Math.round(opened * 1000), endedAtMs: startMs + Math.round(ended * 1000) };
  });
}
