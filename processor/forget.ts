import type { Scene } from './device-step.ts';
import { closedGate } from './gate.ts';
import type { Presence } from './presence.ts';

/**
 * What is forgotten of a scene when something is erased, and told of nobody: what was told before is erased by others.
 * Whoever is still there is somebody new from the next frame on. What lies outside of the span goes on as if nothing
 * had been, so that what lasts still comes to its end. Pure.
 */
export interface Erased {
  /** Null for everybody in the span. */
  readonly personId: string | null;
  /** Null for the beginning of time. */
  readonly fromMs: number | null;
  /** Not part of it; null for all that comes. */
  readonly toMs: number | null;
}

/** A background is made of what was seen lately: of what stood still for minutes too. */
const BACKGROUND_MS = 600_000;

/** All that there is of a device. */
export function isEverything({ personId, fromMs, toMs }: Erased): boolean {
  return personId === null && fromMs === null && toMs === null;
}

export function isWithin({ fromMs, toMs }: Erased, atMs: number): boolean {
  return (fromMs === null || atMs >= fromMs) && (toMs === null || atMs < toMs);
}

export function forget(scene: Scene, erased: Erased): Scene {
  return erased.personId === null ? forgetSpan(scene, erased) : forgetPerson(scene, erased.personId);
}

/** The next picture is the first one, and is looked at. */
const nothingLearnt = { background: null, gate: closedGate };

/** Crowds and motion are of nobody, and stay. The background may show them. */
function forgetPerson(scene: Scene, erasedId: string): Scene {
  const isOther = ({ personId }: { readonly personId: string | null }) => personId !== erasedId;
  const { tracks, visits, places, entered } = scene;
  return {
    ...scene,
    ...nothingLearnt,
    entered: entered.filter(isOther),
    tracks: { ...tracks, live: tracks.live.filter(isOther), gone: tracks.gone.filter(isOther) },
    visits: { ...visits, visits: visits.visits.filter(isOther) },
    places: { ...places, presences: places.presences.filter(isOther) },
  };
}

function forgetSpan(scene: Scene, erased: Erased): Scene {
  const { newestAtMs, episode, tracks, visits, places, entered, classes } = scene;
  const isKept = (firstMs: number, lastMs: number) => !reaches(erased, firstMs, lastMs);
  const live = tracks.live.filter(({ firstSeenAtMs, seenAtMs }) => isKept(firstSeenAtMs, seenAtMs));
  const isLearntOutside = newestAtMs === null || isKept(newestAtMs - BACKGROUND_MS, newestAtMs);
  return {
    ...scene,
    ...(isLearntOutside ? {} : nothingLearnt),
    episode: episode && isKept(episode.startedAtMs, episode.lastMovingAtMs) ? episode : null,
    tracks: {
      ...tracks,
      live,
      // When they came is not known any more, and so neither whether that is a look from within the span.
      gone: tracks.gone.filter(({ seenAtMs }) => erased.fromMs !== null && seenAtMs < erased.fromMs),
    },
    visits: { ...visits, visits: visits.visits.filter((one) => isKept(one.openedAtMs, one.lastSeenAtMs)) },
    places: {
      ...places,
      presences: places.presences.flatMap((presence) => outside(presence, isKept)),
      crowds: places.crowds.filter(({ sinceMs, lastAtMs }) => isKept(sinceMs, lastAtMs)),
    },
    // That it left is told of nobody whose track is forgotten.
    entered: entered.filter(({ trackId }) => live.some((track) => track.trackId === trackId)),
    classes: classes.filter(({ seenAtMs }) => isKept(seenAtMs, seenAtMs)),
  };
}

type IsKept = (firstMs: number, lastMs: number) => boolean;

/** A stay that began after the span was told, and is to be told to its end. */
function outside(presence: Presence, isKept: IsKept): readonly Presence[] {
  const { lastSeenAtMs, stays, crossings } = presence;
  if (!isKept(lastSeenAtMs, lastSeenAtMs)) return [];
  return [
    {
      ...presence,
      stays: stays.filter(({ enteredAtMs }) => isKept(enteredAtMs, lastSeenAtMs)),
      crossings: crossings.filter(({ atMs }) => isKept(atMs, atMs)),
    },
  ];
}

function reaches({ fromMs, toMs }: Erased, firstMs: number, lastMs: number): boolean {
  return (toMs === null || firstMs < toMs) && (fromMs === null || lastMs >= fromMs);
}
