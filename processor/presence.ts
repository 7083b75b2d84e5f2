import type { DeviceSettings } from '../schemas/device-settings.ts';
import type { TimeQuality } from '../schemas/types.ts';
import type { LastSight } from './absence.ts';
import type { Point } from './floor.ts';
import { type Crossing, stepCrossings } from './line-crossing.ts';
import {
  crossedTelling,
  enteredTelling,
  leftTelling,
  loiteringTelling,
  type PlaceSight,
  type PlaceTelling,
} from './place-telling.ts';
import { endedAtMs, type Stay, stepStay, type Zone } from './stay.ts';

/**
 * How one person stands towards the zones and the lines of a camera, from their first sight until they are absent. Pure,
 * in event time. Of what a frame cannot settle, a tick tells at most that somebody seems to have left: `zone_left` and
 * `line_crossed`, which are told once, wait for a frame.
 */
export interface Presence extends LastSight {
  readonly personId: string;
  /** The last one. */
  readonly sight: PlaceSight;
  readonly timeQuality: TimeQuality;
  readonly stays: readonly Stay[];
  readonly crossings: readonly Crossing[];
}

export type PlaceSettings = Pick<DeviceSettings, 'zones' | 'lines' | 'thresholds' | 'events'>;

export type PresenceStep = readonly [Presence, readonly PlaceTelling[]];

interface Move {
  /** Null where they were not seen before. */
  readonly from: Point | null;
  readonly to: Point;
  readonly atMs: number;
}

/** So many ways over lines are waited for at once, of one person; of more, the first ones wait no longer. */
export const CROSSINGS_MAX = 4;

/** One step on the way of somebody who is seen. `staysMax` bounds how many stays there may be after it. */
export function move(
  before: Presence,
  { from, to, atMs }: Move,
  settings: PlaceSettings,
  staysMax: number,
): PresenceStep {
  const { lines, thresholds, events } = settings;
  const told: PlaceTelling[] = [];
  const stays: Stay[] = [];
  let room = staysMax - before.stays.length;
  for (const zone of zonesOf(settings)) {
    const known = before.stays.find(({ zoneId }) => zoneId === zone.id);
    if (!known && room <= 0) continue;
    const stepped = stepStay(known, zone, { atMs, foot: to, sight: before.sight }, thresholdsOf(zone, settings));
    if (stepped.kind === 'none') continue;
    if (!known) room -= 1;
    if (stepped.kind === 'left') {
      told.push(...left(before, stepped.stay, stepped.leftAtMs, settings));
      continue;
    }
    let { stay } = stepped;
    for (const news of stepped.news) {
      if (news === 'loitering') {
        if (events.loitering) told.push(loiteringTelling({ presence: before, stay, zone }, atMs));
      } else if (stay.version > 0 || events.zone_entered) {
        stay = { ...stay, version: stay.version + 1 };
        told.push(enteredTelling({ presence: before, stay, zone }, null));
      }
    }
    stays.push(stay);
  }
  const { waiting, settled } = from
    ? stepCrossings(before.crossings, lines, { from, to, atMs }, thresholds.u_turn_ms)
    : { waiting: [], settled: [] };
  const crossings = waiting.slice(-CROSSINGS_MAX);
  told.push(...crossed(before, [...settled, ...waiting.slice(0, -CROSSINGS_MAX)], settings));
  return [{ ...before, stays, crossings }, told];
}

/** Nothing more will be seen of them: what lasts ends with the last sight, and nobody comes back over a line. */
export function leave(presence: Presence, settings: PlaceSettings): readonly PlaceTelling[] {
  return [
    ...presence.stays.flatMap((stay) => {
      const leftAtMs = endedAtMs(stay, presence.lastSeenAtMs);
      return leftAtMs === null ? [] : left(presence, stay, leftAtMs, settings);
    }),
    ...crossed(presence, presence.crossings, settings),
  ];
}

/** For a configuration: what is of zones and lines that there are no more ends with the last sight, and is told as of before. */
export function fit(presence: Presence, settings: PlaceSettings, former: PlaceSettings): PresenceStep {
  const zones = new Set(zonesOf(settings).map(({ id }) => id));
  const lines = new Set(settings.lines.map(({ id }) => id));
  const part = (isKept: boolean) => ({
    ...presence,
    stays: presence.stays.filter(({ zoneId }) => zones.has(zoneId) === isKept),
    crossings: presence.crossings.filter(({ lineId }) => lines.has(lineId) === isKept),
  });
  return [part(true), leave(part(false), former)];
}

/** Told to have entered, and not to have left. */
export function isToldInside({ isInside, version, over }: Stay): boolean {
  return isInside && version > 0 && !over;
}

/** They seem to have left; told of what was told to have begun. */
export function seemGone(presence: Presence, settings: PlaceSettings): PresenceStep {
  const told: PlaceTelling[] = [];
  const stays = presence.stays.map((stay) => {
    if (!isToldInside(stay)) return stay;
    const over = { ...stay, version: stay.version + 1, over: true };
    const where = { presence, stay: over, zone: zoneOf(stay, settings) };
    told.push(enteredTelling(where, endedAtMs(stay, presence.lastSeenAtMs)));
    return over;
  });
  return [{ ...presence, stays }, told];
}

function left(presence: Presence, stay: Stay, leftAtMs: number, settings: PlaceSettings): readonly PlaceTelling[] {
  const ended = { presence, stay: { ...stay, version: stay.version + 1 }, zone: zoneOf(stay, settings) };
  // A tick has told so already, unless they were seen again since.
  const isTold = stay.version === 0 || (stay.over && stay.outSinceMs === null);
  return [
    ...(isTold ? [] : [enteredTelling(ended, leftAtMs)]),
    ...(settings.events.zone_left ? [leftTelling(ended, leftAtMs)] : []),
  ];
}

function crossed(presence: Presence, crossings: readonly Crossing[], settings: PlaceSettings): readonly PlaceTelling[] {
  if (!settings.events.line_crossed) return [];
  return crossings.flatMap((one) => {
    const line = settings.lines.find(({ id }) => id === one.lineId);
    return line ? [crossedTelling(presence, one, line)] : [];
  });
}

/** Those in which somebody may stay. */
export function zonesOf({ zones }: PlaceSettings): readonly Zone[] {
  return zones.filter(({ kind }) => kind !== 'plate');
}

function thresholdsOf(zone: Zone, { thresholds }: PlaceSettings) {
  return {
    inertiaMs: thresholds.zone_inertia_ms,
    loiteringMs: zone.loitering_ms ?? thresholds.loitering_ms,
  };
}

function zoneOf({ zoneId }: Stay, { zones }: PlaceSettings): Zone | undefined {
  return zones.find(({ id }) => id === zoneId);
}
