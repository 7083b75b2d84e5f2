import type { Box, Lane } from '../schemas/types.ts';
import type { Point } from './floor.ts';
import type { Gone, RecognitionSettings } from './gallery.ts';
import type { Whereabouts } from './whereabouts.ts';

/** All that is remembered of the people before one camera, as a part of its state. Bounded: see track.ts. */
export interface Tracks {
  /** Of the newest frame; null before the first. */
  readonly atMs: number | null;
  /** How many were first seen in that millisecond. */
  readonly births: number;
  /** In the order in which they were first seen. */
  readonly live: readonly Track[];
  /** Who has left, in the order in which they did. */
  readonly gone: readonly Gone[];
}

/** One stay in the picture, or what may become one. */
export interface Track {
  readonly trackId: string;
  /** Null until it is confirmed. */
  readonly personId: string | null;
  readonly firstSeenAtMs: number;
  /** The last frame before that; null where there was none, or it is not known any more. */
  readonly unseenBeforeMs: number | null;
  readonly seenAtMs: number;
  readonly sightings: number;
  /** Until it is confirmed: how sure each frame was, of 255, newest last; 0 where it was not seen. */
  readonly scores: Uint8Array;
  /** Somebody nearer to the camera stands before it, or did when it was lost. */
  readonly hidden: boolean;
  /** When it was last seen. */
  readonly where: Whereabouts;
  readonly appearance: Uint8Array | null;
  /** Where they stood at the first sight; null once they are confirmed. */
  readonly firstFoot: Point | null;
}

export const noTracks: Tracks = { atMs: null, births: 0, live: [], gone: [] };

/** One person as the detector found them. */
export interface Sighting {
  readonly box: Box;
  readonly confidence: number;
  readonly appearance: Uint8Array | null;
}

export interface TrackFrame {
  readonly deviceId: string;
  readonly lane: Lane;
  readonly atMs: number;
  /** The last frame before in which whoever is new in this one would have been seen, if there was one. */
  readonly unseenBeforeMs: number | null;
  /** The picture's width by its height. */
  readonly aspect: number;
  readonly sightings: readonly Sighting[];
}

/** Somebody confirmed. */
export interface Person {
  readonly personId: string;
  readonly trackId: string;
  readonly box: Box;
  readonly confidence: number;
  /** Of this track; at the frame that confirms it, that is in the past. */
  readonly firstSeenAtMs: number;
  /** The last frame before that, if it is known: it did not show them. */
  readonly unseenBeforeMs: number | null;
  /** Where they stood then; given in the frame that confirms them, and in no other. */
  readonly cameFrom: Point | null;
  readonly sightings: number;
}

export interface Tracked {
  /** For each sighting, in their order; null for what belongs to nobody. */
  readonly trackIds: readonly (string | null)[];
  /** Who is seen in this frame. */
  readonly people: readonly Person[];
}

export interface TrackSettings extends RecognitionSettings {
  /** A sighting that is this sure may begin a track, and so sure a track's median has to be. */
  readonly sureConfidence: number;
  /** One that is less sure than that continues a track, down to this. */
  readonly faintConfidence: number;
  /** Who is not seen for longer has left. */
  readonly lostMs: number;
  /** The same of those who are hidden behind somebody. */
  readonly hiddenMs: number;
}

/** How sure it has to be, each model says for itself. */
export const usualTracking: Omit<TrackSettings, 'sureConfidence' | 'faintConfidence'> = {
  lostMs: 2_000,
  hiddenMs: 5_000,
  returnWindowMs: 300_000,
  likenessMin: 0.93,
  likenessMargin: 0.03,
};
