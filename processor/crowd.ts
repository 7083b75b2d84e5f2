import type { TimeQuality } from '../schemas/types.ts';
import { awaitedMs, GAP_MAX_MS, paceOf } from './pace.ts';

/**
 * So many people at once, in one zone or in the whole picture. It begins with the first frame that has as many as it
 * takes, is told once it was seen to last for `holdMs`, and ends when as many were last seen, once fewer have been there for
 * `inertiaMs`. A tick only says early that it seems to be over. Pure, in event time.
 */
export interface Crowd {
  /** Null for the whole picture. */
  readonly zoneId: string | null;
  readonly sinceMs: number;
  /** What that time rests on. */
  readonly timeQuality: TimeQuality;
  /** When as many as it takes were last seen. */
  readonly lastAtMs: number;
  /** Since when there are fewer. */
  readonly fewerSinceMs: number | null;
  /** The most at once, and the frame that shows them. */
  readonly people: number;
  readonly frameId: string;
  readonly frameSeq: number;
  /** How often it was told; 0 until it has lasted. */
  readonly version: number;
  /** Told to be over, by a tick; a frame may still go on with it. */
  readonly over: boolean;
}

export interface CrowdFrame {
  readonly atMs: number;
  readonly frameId: string;
  readonly frameSeq: number;
  readonly timeQuality: TimeQuality;
  /** Of each who is there, when they were last seen: those whom this frame misses are still counted for a while. */
  readonly seenAtMs: readonly number[];
}

export interface CrowdSettings {
  readonly zoneId: string | null;
  /** How many it takes; 0 for none, however many there are. */
  readonly peopleMin: number;
  readonly holdMs: number;
  readonly inertiaMs: number;
  /** Without it nothing begins, and of what has begun only the end is told. */
  readonly wanted: boolean;
}

export interface CrowdTelling {
  readonly crowd: Crowd;
  readonly endedAtMs: number | null;
}

type Change = readonly [Crowd | null, readonly CrowdTelling[]];

export function stepCrowd(before: Crowd | null, frame: CrowdFrame, settings: CrowdSettings): Change {
  const isTorn = before !== null && frame.atMs - (before.fewerSinceMs ?? before.lastAtMs) > GAP_MAX_MS;
  if (isTorn) {
    const [next, begun] = stepCrowd(null, frame, settings);
    return [next, [...endCrowd(before), ...begun]];
  }
  const { peopleMin, holdMs, wanted } = settings;
  if (peopleMin === 0 || frame.seenAtMs.length < peopleMin) return thin(before, frame, settings);
  if (!wanted && !before?.version) return [null, []];
  const crowd = before ? goOn(before, frame, settings) : begin(frame, settings);
  const isNews = crowd.over || (crowd.version === 0 && crowd.lastAtMs - crowd.sinceMs >= holdMs);
  if (!isNews) return [crowd, []];
  const told = { ...crowd, version: crowd.version + 1, over: false };
  return [told, [{ crowd: told, endedAtMs: null }]];
}

/** When a tick tells that it is over, if no frame comes before; null where there is nothing to tell. */
export function crowdDueMs(
  crowd: Crowd,
  { framesAtMs, absenceGapMs }: { readonly framesAtMs: readonly number[]; readonly absenceGapMs: number },
): number | null {
  if (!isToEnd(crowd)) return null;
  return crowd.lastAtMs + awaitedMs({ usualMs: absenceGapMs, paceMs: paceOf(framesAtMs) });
}

/** What was told to have begun is over. */
export function endCrowd(crowd: Crowd): readonly CrowdTelling[] {
  if (!isToEnd(crowd)) return [];
  return [{ crowd: { ...crowd, version: crowd.version + 1, over: true }, endedAtMs: crowd.lastAtMs }];
}

function thin(before: Crowd | null, { atMs }: CrowdFrame, { inertiaMs }: CrowdSettings): Change {
  if (before === null || before.version === 0) return [null, []];
  const fewerSinceMs = before.fewerSinceMs ?? atMs;
  return atMs - fewerSinceMs < inertiaMs ? [{ ...before, fewerSinceMs }, []] : [null, endCrowd(before)];
}

function isToEnd({ version, over }: Crowd): boolean {
  return version > 0 && !over;
}

function begin({ atMs, frameId, frameSeq, timeQuality, seenAtMs }: CrowdFrame, { zoneId }: CrowdSettings): Crowd {
  return {
    zoneId,
    sinceMs: atMs,
    timeQuality,
    lastAtMs: atMs,
    fewerSinceMs: null,
    people: seenAtMs.length,
    frameId,
    frameSeq,
    version: 0,
    over: false,
  };
}

function goOn(crowd: Crowd, { frameId, frameSeq, seenAtMs }: CrowdFrame, { peopleMin }: CrowdSettings): Crowd {
  const people = seenAtMs.length;
  const most = people > crowd.people ? { people, frameId, frameSeq } : {};
  const asManyAtMs = seenAtMs.toSorted((a, b) => b - a)[peopleMin - 1] ?? crowd.lastAtMs;
  return { ...crowd, ...most, lastAtMs: Math.max(crowd.lastAtMs, asManyAtMs), fewerSinceMs: null };
}
