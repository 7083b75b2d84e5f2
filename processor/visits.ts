import type { TimeQuality } from '../schemas/types.ts';
import { awaitedUntilMs, backSinceMs, isAbsent, isNewTo, isUnseen, type Missed, wasAbsent } from './absence.ts';
import { GAP_MAX_MS } from './pace.ts';
import type { Person } from './tracks.ts';
import { close, type Sight, tell, type Visit, type VisitTelling } from './visit.ts';

/**
 * From people in frames to visits: who stayed, from when to when. A visit begins with the first sight of its person and
 * is over when they were absent for longer than a gap; it then ends with their last sight. Pure, in event time.
 *
 * To be absent takes a frame that does not show them, and of a slow camera two in a row, since a detector misses people
 * (pace.ts says for how long that is waited for). What nobody looked at is no absence: two sights in a row, with no frame
 * between them, are one stay however slow the camera is, up to two minutes. A tick only says early that a visit
 * seems to be over. What the frames after it show counts: they open it again, or settle how long it may have been. So
 * ticks change when and how often a visit is told, but never what it comes to.
 */
export interface VisitFrame {
  readonly frameId: string;
  readonly frameSeq: number;
  /** Not before the frame that was stepped last. */
  readonly atMs: number;
  readonly timeQuality: TimeQuality;
  readonly model: string;
  /** The confirmed ones that it shows, each once. */
  readonly people: readonly Person[];
}

export interface VisitSettings {
  readonly absenceGapMs: number;
  /** How often a visit that lasts is told again. */
  readonly updateEveryMs: number;
  /** Without it nothing begins, and of what has begun only the end is told. */
  readonly wanted: boolean;
}

export interface Visits {
  /** One for each person: those that last, then those that are over but may be opened again. */
  readonly visits: readonly Visit[];
  /** When the last two frames were, which say how slow the camera is. */
  readonly framesAtMs: readonly number[];
  /** The last frame of which nothing was to be told: no visit begins with what was seen until then. */
  readonly unwantedAtMs: number | null;
}

/** Whoever comes when so many are there is told of once another's visit is over, from their first sight on. */
export const LASTING_MAX = 48;
/** Of more that are over, those seen last are remembered; who comes back after another one begins anew. */
export const OVER_MAX = 24;
const FRAMES_MAX = 2;

export const noVisits: Visits = { visits: [], framesAtMs: [], unwantedAtMs: null };

interface Change {
  readonly visit: Visit | null;
  readonly tellings: readonly VisitTelling[];
}

export function stepVisits(
  before: Visits,
  frame: VisitFrame,
  settings: VisitSettings,
): readonly [Visits, readonly VisitTelling[]] {
  const seen = new Set(frame.people.map(({ personId }) => personId));
  const known = new Map(before.visits.map((visit) => [visit.personId, visit]));
  const absent = before.visits.filter(({ personId }) => !seen.has(personId));
  const changes = absent.map((visit) => miss(visit, frame, settings));
  let lasting = before.visits.filter(({ over }) => !over).length;
  for (const person of frame.people) {
    const visit = known.get(person.personId);
    const mayBegin = settings.wanted && lasting < LASTING_MAX;
    const change = see(visit, person, { before, frame, settings, mayBegin });
    if (visit?.over !== false && change.visit?.over === false) lasting += 1;
    changes.push(change);
  }
  return [
    {
      visits: withinBounds(changes.flatMap(({ visit }) => visit ?? [])),
      framesAtMs: [...before.framesAtMs, frame.atMs].slice(-FRAMES_MAX),
      unwantedAtMs: settings.wanted ? before.unwantedAtMs : frame.atMs,
    },
    changes.flatMap(({ tellings }) => tellings),
  ];
}

/** Event time has come to `atMs` although no frame says so. A tick that is late, or comes twice, changes nothing. */
export function tickVisits(
  before: Visits,
  atMs: number,
  settings: Pick<VisitSettings, 'absenceGapMs'>,
): readonly [Visits, readonly VisitTelling[]] {
  const isGone = (visit: Visit) => !visit.over && atMs > awaitedUntilMs(before, visit, settings);
  const tellings = before.visits.filter(isGone).map((visit) => {
    return close(visit, { atMs, goneByMs: visit.unseenSinceMs ?? atMs });
  });
  if (tellings.length === 0) return [before, []];
  const others = before.visits.filter((visit) => !isGone(visit));
  return [{ ...before, visits: withinBounds([...others, ...tellings.map(({ visit }) => visit)]) }, tellings];
}

/** A tick after this moment closes a visit, if no frame comes before it; null when none lasts. */
export function visitsDueMs(visits: Visits, settings: Pick<VisitSettings, 'absenceGapMs'>): number | null {
  const lasting = visits.visits.filter(({ over }) => !over);
  return lasting.length === 0 ? null : Math.min(...lasting.map((visit) => awaitedUntilMs(visits, visit, settings)));
}

/** Whether one lasts as far as frames say. What a tick said early does not count, or it would change what is seen. */
export function hasLasting(
  { visits, framesAtMs }: Visits,
  { absenceGapMs }: Pick<VisitSettings, 'absenceGapMs'>,
): boolean {
  return visits.some((visit) => {
    const atMs = framesAtMs.at(-1) ?? visit.lastSeenAtMs;
    return !isUnseen(visit) || !isAbsent(visit, { atMs, lookedAtMs: atMs, absenceGapMs });
  });
}

/** For a pause: what lasts ends with its last sight, and nobody from before it is known again. */
export function endVisits({ visits, framesAtMs, unwantedAtMs }: Visits): readonly [Visits, readonly VisitTelling[]] {
  const newestAtMs = framesAtMs.at(-1) ?? null;
  const tellings = visits
    .filter(({ over }) => !over)
    .map((visit) => {
      const { lastSeenAtMs, unseenSinceMs } = visit;
      return close(visit, { atMs: newestAtMs ?? lastSeenAtMs, goneByMs: unseenSinceMs ?? lastSeenAtMs });
    });
  return [{ ...noVisits, unwantedAtMs: newestAtMs ?? unwantedAtMs }, tellings];
}

function miss(visit: Visit, { atMs }: VisitFrame, { absenceGapMs }: VisitSettings): Change {
  const goneByMs = visit.unseenSinceMs ?? atMs;
  const missed: Missed<Visit> = { ...visit, unseenSinceMs: goneByMs };
  const isTold = visit.over ? isUnsettled(visit) : isAbsent(missed, { atMs, lookedAtMs: atMs, absenceGapMs });
  const change: Change = isTold ? told(close(missed, { atMs, goneByMs })) : { visit: missed, tellings: [] };
  // Longer than it can be opened again: a track may be confirmed late, or come back with its old first sight.
  const knownForMs = Math.max(absenceGapMs, GAP_MAX_MS) + GAP_MAX_MS;
  return atMs - visit.lastSeenAtMs > knownForMs ? { ...change, visit: null } : change;
}

interface Scene {
  readonly before: Visits;
  readonly frame: VisitFrame;
  readonly settings: VisitSettings;
  /** Whether a visit may begin here, or be opened again. */
  readonly mayBegin: boolean;
}

function see(visit: Visit | undefined, person: Person, scene: Scene): Change {
  const { before, frame, settings, mayBegin } = scene;
  if (!visit) return mayBegin ? begin(person, scene, null) : { visit: null, tellings: [] };
  const { absenceGapMs } = settings;
  const now = { atMs: frame.atMs, frameBeforeMs: before.framesAtMs.at(-1) ?? null, absenceGapMs };
  if (!wasAbsent(visit, person, now)) {
    return visit.over && !mayBegin ? { visit, tellings: [] } : goOn(visit, person, scene);
  }
  const goneByMs = visit.unseenSinceMs ?? backSinceMs(visit, person, frame.atMs);
  const ended =
    visit.over && !isUnsettled(visit)
      ? { visit, tellings: [] }
      : told(close({ ...visit, unseenSinceMs: goneByMs }, { atMs: frame.atMs, goneByMs }));
  if (!mayBegin) return ended;
  const begun = begin(person, scene, visit);
  return { ...begun, tellings: [...ended.tellings, ...begun.tellings] };
}

function begin(person: Person, { before, frame }: Scene, former: Visit | null): Change {
  const { personId, trackId } = person;
  const { atMs, timeQuality } = frame;
  // A track may have come back with all that is known of it; what is part of another stay, or of none, is left out.
  const knownUntilMs = Math.max(former?.lastSeenAtMs ?? -1, before.unwantedAtMs ?? -1);
  const isNew = person.firstSeenAtMs > knownUntilMs;
  const openedAtMs = isNew ? person.firstSeenAtMs : atMs;
  const visit: Visit = {
    personId,
    trackId,
    openedAtMs,
    timeQuality,
    unseenBeforeMs: isNew ? person.unseenBeforeMs : (before.framesAtMs.at(-1) ?? null),
    lastSeenAtMs: atMs,
    unseenSinceMs: null,
    sightings: isNew ? person.sightings : 1,
    best: sightOf(person, frame),
    over: false,
    version: 0,
    toldAtMs: atMs,
  };
  return told(tell(visit, 'opened', atMs));
}

function goOn(visit: Visit, person: Person, { frame, settings }: Scene): Change {
  const { atMs } = frame;
  const longer: Visit = {
    ...visit,
    trackId: person.trackId,
    lastSeenAtMs: atMs,
    unseenSinceMs: null,
    sightings: visit.sightings + (isNewTo(visit, person) ? person.sightings : 1),
    best: person.confidence > visit.best.confidence ? sightOf(person, frame) : visit.best,
  };
  const isDue = settings.wanted && atMs - visit.toldAtMs >= settings.updateEveryMs;
  return visit.over || isDue ? told(tell(longer, 'updated', atMs)) : { visit: longer, tellings: [] };
}

function told(telling: VisitTelling): Change {
  return { visit: telling.visit, tellings: [telling] };
}

/** Closed by a tick, and no frame has come since. */
function isUnsettled({ over, unseenSinceMs }: Visit): boolean {
  return over && unseenSinceMs === null;
}

function sightOf({ confidence, box }: Person, { frameId, frameSeq, model }: VisitFrame): Sight {
  return { frameId, frameSeq, confidence, box, model };
}

function withinBounds(visits: readonly Visit[]): readonly Visit[] {
  const over = visits.filter((visit) => visit.over);
  const lately = over.length <= OVER_MAX ? over : over.toSorted((a, b) => b.lastSeenAtMs - a.lastSeenAtMs);
  return [...visits.filter((visit) => !visit.over), ...lately.slice(0, OVER_MAX)];
}
