import { derivedId } from '../schemas/identity.ts';
import type { Box, Event, Lane, TimeQuality } from '../schemas/types.ts';
import type { CrowdTelling } from './crowd.ts';
import type { Crossing, DrawnLine } from './line-crossing.ts';
import type { Presence } from './presence.ts';
import type { Stay, Zone } from './stay.ts';

/** A frame that shows somebody, and where. */
export interface PlaceSight {
  readonly frameId: string;
  readonly frameSeq: number;
  readonly box: Box;
}

/** What is told of zones, lines and crowds, as an event but for the members that all of a device's events have. */
export interface PlaceTelling {
  readonly type: 'zone_entered' | 'zone_left' | 'loitering' | 'line_crossed' | 'crowd';
  /** What names it among those of its type, device and lane. */
  readonly of: readonly (string | number)[];
  readonly version: number;
  readonly occurredAtMs: number;
  readonly endedAtMs: number | null;
  readonly timeQuality: TimeQuality;
  readonly frame: Omit<PlaceSight, 'box'>;
  readonly payload: Event['payload'];
}

export interface InZone {
  readonly presence: Presence;
  readonly stay: Stay;
  /** Undefined for one that its configuration has no more. */
  readonly zone: Zone | undefined;
}

/** In versions: that they are in, that they left, and that they had not after all. */
export function enteredTelling(where: InZone, leftAtMs: number | null): PlaceTelling {
  const { presence, stay } = where;
  const { version, enteredAtMs, entry } = stay;
  return {
    type: 'zone_entered',
    of: stayOf(where),
    version,
    occurredAtMs: enteredAtMs,
    endedAtMs: leftAtMs,
    timeQuality: presence.timeQuality,
    frame: entry,
    payload: {
      kind: 'ZoneChange',
      ...whoAndWhere(where),
      stay_ms: leftAtMs === null ? null : leftAtMs - enteredAtMs,
      box: entry.box,
    },
  };
}

export function leftTelling(where: InZone, leftAtMs: number): PlaceTelling {
  const { presence, stay } = where;
  return {
    type: 'zone_left',
    of: stayOf(where),
    ...once(presence, leftAtMs),
    payload: {
      kind: 'ZoneChange',
      ...whoAndWhere(where),
      stay_ms: leftAtMs - stay.enteredAtMs,
      box: presence.sight.box,
    },
  };
}

export function loiteringTelling(where: InZone, atMs: number): PlaceTelling {
  const { presence, stay } = where;
  return {
    type: 'loitering',
    of: stayOf(where),
    ...once(presence, atMs),
    payload: {
      kind: 'Loitering',
      ...whoAndWhere(where),
      stay_ms: atMs - stay.enteredAtMs,
      box: presence.sight.box,
    },
  };
}

export function crossedTelling(
  presence: Presence,
  { to, atMs }: Crossing,
  { id, name, directions }: DrawnLine,
): PlaceTelling {
  return {
    type: 'line_crossed',
    of: [id, presence.personId, atMs],
    ...once(presence, atMs),
    payload: {
      kind: 'LineCrossing',
      line_id: id,
      line_name: name,
      person_id: presence.personId,
      direction: to === 'left' ? directions.to_left : directions.to_right,
      box: presence.sight.box,
    },
  };
}

export function crowdTelling({ crowd, endedAtMs }: CrowdTelling, zone: Zone | undefined): PlaceTelling {
  const { zoneId, sinceMs, lastAtMs, timeQuality, people, version, frameId, frameSeq } = crowd;
  return {
    type: 'crowd',
    of: [zoneId ?? '', sinceMs],
    version,
    occurredAtMs: sinceMs,
    endedAtMs,
    timeQuality,
    frame: { frameId, frameSeq },
    payload: {
      kind: 'Crowd',
      zone_id: zoneId,
      zone_name: zoneId === null ? null : (zone?.name ?? ''),
      people,
      lasted_ms: lastAtMs - sinceMs,
    },
  };
}

export function placeEvent(
  {
    deviceId,
    lane,
    configVersion,
    model,
  }: {
    readonly deviceId: string;
    readonly lane: Lane;
    readonly configVersion: number;
    readonly model: string | null;
  },
  { type, of, version, occurredAtMs, endedAtMs, timeQuality, frame, payload }: PlaceTelling,
): Event {
  return {
    event_id: derivedId(type, deviceId, lane, ...of),
    device_id: deviceId,
    type,
    version,
    occurred_at: occurredAtMs,
    ended_at: endedAtMs,
    frame_id: frame.frameId,
    frame_seq: frame.frameSeq,
    lane,
    time_quality: timeQuality,
    model,
    config_version: configVersion,
    payload,
  };
}

function stayOf({ presence, stay }: InZone): readonly (string | number)[] {
  return [stay.zoneId, presence.personId, stay.enteredAtMs];
}

function whoAndWhere({ presence, stay, zone }: InZone) {
  return { zone_id: stay.zoneId, zone_name: zone?.name ?? '', person_id: presence.personId };
}

/** Told by the last sight, and never again. */
function once({ timeQuality, sight }: Presence, occurredAtMs: number) {
  return { version: 1, occurredAtMs, endedAtMs: null, timeQuality, frame: sight };
}
