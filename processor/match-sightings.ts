import { affinity } from './affinity.ts';
import { assign } from './assign.ts';
import type { Sighting, Track, TrackFrame, TrackSettings } from './tracks.ts';
import { coveredShare, type EvenBox, evenBox, type Whereabouts } from './whereabouts.ts';

/**
 * Which sighting is of whom, in the manner of ByteTrack: sure sightings are joined with the people who are followed, then
 * faint ones with whom is left of them, since somebody half hidden is a faint sighting; then both with what is nobody
 * yet. Pure.
 */
export interface Candidate {
  readonly track: Track;
  /** Where they should be by now. */
  readonly where: Whereabouts;
}

export interface Seen {
  readonly index: number;
  readonly box: EvenBox;
  readonly sighting: Sighting;
  /** Somebody stands before them. */
  readonly covered: boolean;
}

/** How far boxes have to meet. A faint sighting of somebody is where they are; elsewhere it is noise. */
const PLACE_MIN = 0.25;
const PLACE_FAINT_MIN = 0.5;
/** So much of a box has to be covered by one that stands lower in the picture. */
const COVERED_SHARE = 0.4;
/** From so many on it is known how somebody looks, whoever steps before them then. */
const KNOWN_SIGHTINGS_MIN = 3;

/** Surest first, and by place where two are equally sure: in an order that does not depend on how they are listed. */
export function inOrder({ sightings, aspect }: TrackFrame): readonly Seen[] {
  const placed = sightings.map((sighting, index) => ({ sighting, index, box: evenBox(sighting.box, aspect) }));
  return placed
    .map((one) => ({ ...one, covered: isCovered(one.box, placed) }))
    .sort(
      ({ sighting: a, box: boxA }, { sighting: b, box: boxB }) =>
        b.confidence - a.confidence ||
        boxA.x - boxB.x ||
        boxA.y - boxB.y ||
        boxA.width - boxB.width ||
        boxA.height - boxB.height ||
        compareBytes(a.appearance, b.appearance),
    );
}

export function matchSightings(
  candidates: readonly Candidate[],
  seen: readonly Seen[],
  settings: TrackSettings,
): ReadonlyMap<Candidate, Seen> {
  const matches = new Map<Candidate, Seen>();
  const join = (some: readonly Candidate[], others: readonly Seen[], placeMin: number) => {
    const taken = new Set(matches.values());
    const left = some.filter((candidate) => !matches.has(candidate));
    const free = others.filter((one) => !taken.has(one));
    const bounds = { placeMin, likenessMin: settings.likenessMin };
    const pairs = assign(
      left.map(({ track, where }) => {
        const expected = { where, appearance: isHardlyKnown(track) ? null : track.appearance };
        return free.map((one) => affinity(expected, asShown(one), bounds));
      }),
    );
    for (const [at, pair] of pairs.entries()) {
      if (pair !== null) matches.set(left[at] as Candidate, free[pair] as Seen);
    }
  };
  const [sure, others] = part(seen, (one) => isSure(one, settings));
  const faint = others.filter(({ sighting }) => sighting.confidence >= settings.faintConfidence);
  const [people, unconfirmed] = part(candidates, ({ track }) => track.personId !== null);
  join(people, sure, PLACE_MIN);
  join(people, faint, PLACE_FAINT_MIN);
  join(unconfirmed, sure, PLACE_MIN);
  join(unconfirmed, faint, PLACE_FAINT_MIN);
  return matches;
}

export function isSure({ sighting }: Seen, { sureConfidence }: TrackSettings): boolean {
  return sighting.confidence >= sureConfidence;
}

export function part<One>(
  all: readonly One[],
  belongs: (one: One) => boolean,
): readonly [readonly One[], readonly One[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}

/** Whether somebody stands before them, who is nearer to the camera and so lower in the picture. */
export function isCovered(box: EvenBox, seen: readonly Pick<Seen, 'box'>[]): boolean {
  return seen.some((one) => bottomOf(one.box) > bottomOf(box) && coveredShare(box, one.box) >= COVERED_SHARE);
}

/** Whoever was hidden so soon showed too little of themselves to be told by it. */
function isHardlyKnown({ hidden, sightings }: Track): boolean {
  return hidden && sightings < KNOWN_SIGHTINGS_MIN;
}

function asShown({ box, sighting, covered }: Seen) {
  return { box, appearance: sighting.appearance, covered };
}

function bottomOf({ y, height }: EvenBox): number {
  return y + height / 2;
}

function compareBytes(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
