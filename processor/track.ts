import { derivedId } from '../schemas/identity.ts';
import { blend } from './appearance.ts';
import { footOf, type Point } from './floor.ts';
import { type Gone, recognise, remember } from './gallery.ts';
import { type Candidate, inOrder, isCovered, isSure, matchSightings, part, type Seen } from './match-sightings.ts';
import { awaitedMs, GAP_MAX_MS } from './pace.ts';
import type { Person, Sighting, Track, Tracked, TrackFrame, TrackSettings, Tracks } from './tracks.ts';
import { coveredShare, firstSeen, isCut, isCutAside, later, seenAt } from './whereabouts.ts';

/**
 * Who is who from frame to frame. Pure, in event time, at any rate of frames; the same sightings give the same ids in
 * whichever order they are listed.
 *
 * What is seen for the first time is nobody yet: a person is who was seen twice, and surely in more than half of the
 * frames since. That is so for a camera of one frame in 30 s as well: one sighting is a flicker there, two are a visit.
 */
export const LIVE_MAX = 48;
const SIGHTINGS_MIN = 2;
/** So long it takes to become a person, at any rate: in less, what flickers has often flickered twice. */
const SETTLE_MS = 120;
/** Of so many frames the median counts. */
const SCORES_MAX = 15;
/** What may become a person has to be seen again within this. */
const UNCONFIRMED_LOST_MS = 1_000;
/** A second box on somebody who is found already begins no track. */
const DOUBLE_SHARE = 0.85;
/** How much of a new look is taken on at least; all of it where only a part was to be seen before. */
const LOOK_SHARE = 0.1;

export function stepTracks(tracks: Tracks, frame: TrackFrame, settings: TrackSettings): readonly [Tracks, Tracked] {
  const atMs = Math.max(frame.atMs, tracks.atMs ?? frame.atMs);
  const seen = inOrder(frame);
  const times = { beforeMs: tracks.atMs ?? atMs, atMs };
  const [expected, lapsed] = part(tracks.live, (track) => isAwaited(track, times, settings));
  const candidates = expected.map((track) => ({ track, where: later(track.where, atMs - track.seenAtMs) }));
  const matches = matchSightings(candidates, seen, settings);

  const known = [...matches.values()];
  const followed = candidates.map((candidate) => {
    const match = matches.get(candidate);
    return match
      ? goOn(candidate, match, { atMs, aspect: frame.aspect })
      : goWithout(candidate, isCovered(candidate.where, known));
  });
  const [kept, lost] = part(followed, (track) => isKept(track, times, settings));
  const births = atMs === tracks.atMs ? tracks.births : 0;
  const begun = newcomers(seen, matches, settings)
    .slice(0, Math.max(0, LIVE_MAX - kept.length))
    .map((one, at) => ({
      one,
      track: begin(frame, one, { atMs, ordinal: births + at }),
    }));

  const gone = remember(tracks.gone, [...lapsed, ...lost].flatMap(asGone), atMs, settings.returnWindowMs);
  const [live, stillGone] = confirm([...kept, ...begun.map(({ track }) => track)], gone, { atMs, settings });

  const trackIds: (string | null)[] = frame.sightings.map(() => null);
  for (const [{ track }, { index }] of matches) trackIds[index] = track.trackId;
  for (const { one, track } of begun) trackIds[one.index] = track.trackId;
  const sightingOf = new Map(trackIds.map((trackId, index) => [trackId, frame.sightings[index]]));
  return [
    { atMs, births: births + begun.length, live: live.map(asRemembered), gone: stillGone },
    { trackIds, people: live.flatMap((track) => asPerson(track, sightingOf.get(track.trackId))) },
  ];
}

/** Where somebody came from is told in the frame that confirms them, and then nobody asks any more. */
function asRemembered(track: Track): Track {
  return track.personId === null || track.firstFoot === null ? track : { ...track, firstFoot: null };
}

interface Times {
  /** Of the frame before. */
  readonly beforeMs: number;
  readonly atMs: number;
}

/**
 * Whoever was seen in the frame before gets another chance, however long ago that was; and a person whom the first frame
 * after that has missed, one more. Nobody else is still here after their time.
 */
function isAwaited(track: Track, { beforeMs, atMs }: Times, settings: TrackSettings): boolean {
  const [unseenMs, paceMs] = [atMs - track.seenAtMs, beforeMs - track.seenAtMs];
  const usualMs = patienceMs(track, settings);
  if (paceMs === 0) return unseenMs <= Math.max(usualMs, GAP_MAX_MS);
  return unseenMs <= (paceMs > usualMs ? awaitedMs({ usualMs, paceMs }) : usualMs);
}

function isKept(track: Track, { beforeMs, atMs }: Times, settings: TrackSettings): boolean {
  const isMissedFirst = track.personId !== null && track.seenAtMs === beforeMs;
  return isMissedFirst || atMs - track.seenAtMs <= patienceMs(track, settings);
}

function patienceMs({ personId, hidden }: Track, { lostMs, hiddenMs }: TrackSettings): number {
  if (personId === null) return UNCONFIRMED_LOST_MS;
  return hidden ? Math.max(lostMs, hiddenMs) : lostMs;
}

function goOn(
  { track, where }: Candidate,
  { box, sighting, covered }: Seen,
  { atMs, aspect }: { readonly atMs: number; readonly aspect: number },
): Track {
  const { appearance: known } = track;
  const { confidence } = sighting;
  // Of whom somebody covers, the picture shows the other's clothes.
  const looks = covered ? null : sighting.appearance;
  const wasCut = isCut(where) || isCutAside(where, aspect);
  return {
    ...track,
    seenAtMs: atMs,
    sightings: track.sightings + 1,
    scores: withScore(track, confidence),
    hidden: covered,
    where: seenAt(where, box),
    appearance: known && looks ? blend(known, looks, wasCut ? 1 : lookShare(track)) : (known ?? looks),
  };
}

/** Of the first ones all count alike: whoever comes out of a door is seen only in part at first. */
function lookShare({ sightings }: Track): number {
  return Math.max(LOOK_SHARE, 1 / (sightings + 1));
}

function goWithout({ track }: Candidate, covered: boolean): Track {
  return { ...track, scores: withScore(track, 0), hidden: track.hidden || covered };
}

function begin(
  { deviceId, lane, unseenBeforeMs }: TrackFrame,
  { box, sighting, covered }: Seen,
  { atMs, ordinal }: { readonly atMs: number; readonly ordinal: number },
): Track {
  const track = {
    trackId: derivedId('track', deviceId, lane, atMs, ordinal),
    personId: null,
    firstSeenAtMs: atMs,
    unseenBeforeMs,
    seenAtMs: atMs,
    sightings: 1,
    scores: new Uint8Array(),
    hidden: false,
    where: firstSeen(box),
    appearance: covered ? null : sighting.appearance,
    firstFoot: asStored(footOf(sighting.box)),
  };
  return { ...track, scores: withScore(track, sighting.confidence) };
}

function asStored({ x, y }: Point): Point {
  return { x: Math.fround(x), y: Math.fround(y) };
}

/** Sure sightings of nobody who is known, surest first, without second boxes on somebody. */
function newcomers(
  seen: readonly Seen[],
  matches: ReadonlyMap<Candidate, Seen>,
  settings: TrackSettings,
): readonly Seen[] {
  const taken = new Set(matches.values());
  const found = [...taken];
  return seen.filter((one) => {
    if (taken.has(one) || !isSure(one, settings)) return false;
    if (found.some(({ box }) => coveredShare(one.box, box) >= DOUBLE_SHARE)) return false;
    found.push(one);
    return true;
  });
}

/** Who has now been seen often and surely enough is a person: one who has left, if they look like it, or a new one. */
function confirm(
  tracks: readonly Track[],
  gone: readonly Gone[],
  { atMs, settings }: { readonly atMs: number; readonly settings: TrackSettings },
): readonly [readonly Track[], readonly Gone[]] {
  let still = gone;
  const live = tracks.map((track) => {
    const { trackId, personId, sightings, scores, where, appearance, firstSeenAtMs, seenAtMs } = track;
    const settled = sightings >= SIGHTINGS_MIN && seenAtMs - firstSeenAtMs >= SETTLE_MS;
    if (personId !== null || seenAtMs !== atMs || !settled || lowerMedian(scores) < asScore(settings.sureConfidence))
      return track;
    const back = appearance && recognise(still, { box: where, appearance, firstSeenAtMs }, settings);
    still = still.filter((one) => one !== back);
    return { ...track, personId: back?.personId ?? derivedId('person', trackId), scores: new Uint8Array() };
  });
  return [live, still];
}

function withScore({ personId, scores }: Pick<Track, 'personId' | 'scores'>, confidence: number): Uint8Array {
  return personId === null ? Uint8Array.of(...scores, asScore(confidence)).slice(-SCORES_MAX) : scores;
}

function asScore(confidence: number): number {
  return Math.round(Math.min(1, Math.max(0, confidence)) * 255);
}

/** Of an even number the lower one of the two in the middle. */
function lowerMedian(scores: Uint8Array): number {
  return scores.toSorted()[(scores.length - 1) >> 1] ?? 0;
}

function asGone({ personId, seenAtMs, where: { x, y, width, height }, appearance }: Track): Gone[] {
  if (personId === null || appearance === null) return [];
  return [{ personId, seenAtMs, box: { x, y, width, height }, appearance }];
}

function asPerson(track: Track, sighting: Sighting | undefined): Person[] {
  const { personId, trackId, firstSeenAtMs, unseenBeforeMs, firstFoot: cameFrom, sightings } = track;
  if (personId === null || !sighting) return [];
  const { box, confidence } = sighting;
  return [{ personId, trackId, box, confidence, firstSeenAtMs, unseenBeforeMs, cameFrom, sightings }];
}
