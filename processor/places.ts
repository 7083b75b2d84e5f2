import type { TimeQuality } from '../schemas/types.ts';
import { awaitedUntilMs, isAbsent, isNewTo, type Missed, wasAbsent } from './absence.ts';
import { type Crowd, crowdDueMs, endCrowd, stepCrowd } from './crowd.ts';
import { footOf, type Point } from './floor.ts';
import { awaitedMs, paceOf } from './pace.ts';
import { crowdTelling, type PlaceSight, type PlaceTelling } from './place-telling.ts';
import { fit, isToldInside, leave, move, type PlaceSettings, type Presence, seemGone, zonesOf } from './presence.ts';
import { endedAtMs } from './stay.ts';
import type { Person } from './tracks.ts';

/**
 * Who is in which zone, who crosses which line, and where there are many at once: presence.ts for one person, crowd.ts for
 * one place, and here all of them. Somebody is there until they are absent, as in visits (absence.ts). Pure, in event time.
 */
export interface Places {
  readonly presences: readonly Presence[];
  readonly crowds: readonly Crowd[];
  /** Which found those people. */
  readonly model: string | null;
}

export interface PlacesFrame {
  readonly frameId: string;
  readonly frameSeq: number;
  readonly atMs: number;
  readonly timeQuality: TimeQuality;
  /** Empty for a frame that nobody looked at. */
  readonly model: string;
  readonly people: readonly Person[];
  /** When the last ones before it were. */
  readonly framesAtMs: readonly number[];
}

/** Whoever comes when so many are there is followed once others are absent. */
export const PRESENCES_MAX = 48;
/** Of all of them together; whoever enters a zone then is not spoken of until others have left theirs. */
export const STAYS_MAX = 64;
/** Who was seen within this is counted, so that a crowd does not end where one frame misses somebody. */
const COUNTED_MS = 2_000;

export const noPlaces: Places = { presences: [], crowds: [], model: null };

type Change = readonly [Places, readonly PlaceTelling[]];

export function stepPlaces(before: Places, frame: PlacesFrame, settings: PlaceSettings): Change {
  const told: PlaceTelling[] = [];
  const seen = new Map(frame.people.map((person) => [person.personId, person]));
  const presences: Presence[] = [];
  let stays = before.presences.reduce((sum, presence) => sum + presence.stays.length, 0);
  const take = ([presence, tellings]: readonly [Presence | null, readonly PlaceTelling[]], staysBefore: number) => {
    if (presence) presences.push(presence);
    stays += (presence?.stays.length ?? 0) - staysBefore;
    told.push(...tellings);
  };
  for (const presence of before.presences) {
    const person = seen.get(presence.personId);
    seen.delete(presence.personId);
    const own = presence.stays.length;
    take(person ? see(presence, person, own + STAYS_MAX - stays) : miss(presence), own);
  }
  for (const person of seen.values()) {
    if (presences.length < PRESENCES_MAX) take(see(null, person, STAYS_MAX - stays), 0);
  }
  const [crowds, crowdTellings] = stepCrowds(before.crowds, presences, frame, settings);
  // Where nobody is, nothing is left that it could be told of.
  const isEmpty = presences.length === 0 && crowds.length === 0;
  const model = frame.model || before.model;
  return [isEmpty ? noPlaces : { presences, crowds, model }, [...told, ...crowdTellings]];

  function miss(presence: Presence) {
    const missed: Missed<Presence> = { ...presence, unseenSinceMs: presence.unseenSinceMs ?? frame.atMs };
    const { absence_ms: absenceGapMs } = settings.thresholds;
    const isGone = isAbsent(missed, { atMs: frame.atMs, lookedAtMs: frame.atMs, absenceGapMs });
    return isGone ? ([null, leave(missed, settings)] as const) : ([missed, []] as const);
  }

  function see(known: Presence | null, person: Person, staysMax: number): readonly [Presence, readonly PlaceTelling[]] {
    const { absence_ms: absenceGapMs } = settings.thresholds;
    const now = { atMs: frame.atMs, frameBeforeMs: frame.framesAtMs.at(-1) ?? null, absenceGapMs };
    if (known && wasAbsent(known, person, now)) {
      const [begun, tellings] = see(null, person, staysMax);
      return [begun, [...leave(known, settings), ...tellings]];
    }
    const sight = sightOf(person, frame);
    let presence: Presence = {
      stays: [],
      crossings: [],
      ...known,
      personId: person.personId,
      lastSeenAtMs: frame.atMs,
      unseenSinceMs: null,
      sight,
      timeQuality: frame.timeQuality,
    };
    const tellings: PlaceTelling[] = [];
    let from = known && footOf(known.sight.box);
    for (const { atMs, to } of wayOf(known, person, { atMs: frame.atMs, to: footOf(sight.box) })) {
      const [next, news] = move(presence, { from, to, atMs }, settings, staysMax);
      presence = next;
      from = to;
      tellings.push(...news);
    }
    return [presence, tellings];
  }
}

/** Event time has come to `atMs` although no frame says so. A tick that is late, or comes twice, changes nothing. */
export function tickPlaces(
  before: Places,
  atMs: number,
  settings: PlaceSettings,
  framesAtMs: readonly number[],
): Change {
  const awaiting = { framesAtMs, absenceGapMs: settings.thresholds.absence_ms };
  const told: PlaceTelling[] = [];
  const presences = before.presences.map((presence) => {
    if (!presence.stays.some(isToldInside) || atMs <= awaitedUntilMs(awaiting, presence, awaiting)) return presence;
    const [next, tellings] = seemGone(presence, settings);
    told.push(...tellings);
    return next;
  });
  const crowds = before.crowds.map((crowd) => {
    const dueMs = crowdDueMs(crowd, awaiting);
    if (dueMs === null || atMs <= dueMs) return crowd;
    const [ended] = endCrowd(crowd);
    if (!ended) return crowd;
    told.push(crowdTelling(ended, zoneNamed(crowd.zoneId, settings)));
    return ended.crowd;
  });
  return told.length === 0 ? [before, []] : [{ ...before, presences, crowds }, told];
}

/** A tick after this moment tells that something seems to be over, if no frame comes before it; null when nothing lasts. */
export function placesDueMs(
  { presences, crowds }: Places,
  { framesAtMs, absenceGapMs }: { readonly framesAtMs: readonly number[]; readonly absenceGapMs: number },
): number | null {
  const awaiting = { framesAtMs, absenceGapMs };
  const dues = [
    ...presences
      .filter(({ stays }) => stays.some(isToldInside))
      .map((presence) => awaitedUntilMs(awaiting, presence, awaiting)),
    ...crowds.flatMap((crowd) => crowdDueMs(crowd, awaiting) ?? []),
  ];
  return dues.length === 0 ? null : Math.min(...dues);
}

/** For a configuration: what is of places that there are no more is over, and is told in the words of the former one. */
export function fitPlaces(before: Places, settings: PlaceSettings, former: PlaceSettings): Change {
  const told: PlaceTelling[] = [];
  const presences = before.presences.map((presence) => {
    const [kept, tellings] = fit(presence, settings, former);
    told.push(...tellings);
    return kept;
  });
  const isKept = ({ zoneId }: Crowd) => zoneId === null || zonesOf(settings).some(({ id }) => id === zoneId);
  told.push(...before.crowds.filter((crowd) => !isKept(crowd)).flatMap((crowd) => crowdEnd(crowd, former)));
  return [{ ...before, presences, crowds: before.crowds.filter(isKept) }, told];
}

/** For a pause: all of it is over. */
export function endPlaces({ presences, crowds }: Places, settings: PlaceSettings): readonly PlaceTelling[] {
  return [
    ...presences.flatMap((presence) => leave(presence, settings)),
    ...crowds.flatMap((crowd) => crowdEnd(crowd, settings)),
  ];
}

function stepCrowds(
  before: readonly Crowd[],
  presences: readonly Presence[],
  frame: PlacesFrame,
  settings: PlaceSettings,
): readonly [readonly Crowd[], readonly PlaceTelling[]] {
  const { thresholds, events } = settings;
  const paceMs = paceOf([...frame.framesAtMs, frame.atMs]);
  const countedFromMs = frame.atMs - awaitedMs({ usualMs: COUNTED_MS, paceMs });
  const counted = presences.filter(({ lastSeenAtMs }) => lastSeenAtMs >= countedFromMs);
  const told: PlaceTelling[] = [];
  const crowds = [null, ...zonesOf(settings)].flatMap((zone) => {
    const zoneId = zone?.id ?? null;
    const seenAtMs = counted.flatMap(({ lastSeenAtMs, stays }) => {
      if (zoneId === null) return lastSeenAtMs;
      const stay = stays.find((one) => one.zoneId === zoneId);
      return (stay && endedAtMs(stay, lastSeenAtMs)) ?? [];
    });
    const { frameId, frameSeq, atMs, timeQuality } = frame;
    const [crowd, tellings] = stepCrowd(
      before.find((one) => one.zoneId === zoneId) ?? null,
      { frameId, frameSeq, atMs, timeQuality, seenAtMs },
      {
        zoneId,
        peopleMin: zone?.crowd_people ?? thresholds.crowd_people,
        holdMs: thresholds.crowd_ms,
        inertiaMs: thresholds.zone_inertia_ms,
        wanted: events.crowd,
      },
    );
    told.push(...tellings.map((telling) => crowdTelling(telling, zone ?? undefined)));
    return crowd ?? [];
  });
  return [crowds, told];
}

function crowdEnd(crowd: Crowd, settings: PlaceSettings): readonly PlaceTelling[] {
  return endCrowd(crowd).map((ended) => crowdTelling(ended, zoneNamed(crowd.zoneId, settings)));
}

function zoneNamed(zoneId: string | null, { zones }: PlaceSettings) {
  return zones.find(({ id }) => id === zoneId);
}

/** Where they went since the last sight: of who is confirmed now, the first sight counts too. */
function wayOf(known: Presence | null, person: Person, here: { readonly atMs: number; readonly to: Point }) {
  const { cameFrom, firstSeenAtMs } = person;
  const isNew = known === null || isNewTo(known, person);
  return cameFrom !== null && isNew ? [{ atMs: firstSeenAtMs, to: cameFrom }, here] : [here];
}

/** Numbers as a state keeps them, so that it is the same after it was stored. */
function sightOf({ box: { x, y, width, height } }: Person, { frameId, frameSeq }: PlacesFrame): PlaceSight {
  const { fround } = Math;
  return { frameId, frameSeq, box: { x: fround(x), y: fround(y), width: fround(width), height: fround(height) } };
}
