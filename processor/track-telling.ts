import { derivedId } from '../schemas/identity.ts';
import type { Event, Lane, TimeQuality, TrackingAction } from '../schemas/types.ts';
import type { Sight } from './visit.ts';
import type { VisitFrame } from './visits.ts';

/**
 * What is told of tracks as such: that one entered, in the frame in which it is sure for the first time, and that it left,
 * with its last sight, once it is over. Each is told once, and only by frames, or where a pause ends all: a tick says no
 * more than that time has passed, and a track may still go on after it. Pure, in event time.
 */
export interface Entered {
  readonly trackId: string;
  readonly personId: string;
  readonly last: LastSight;
}

export interface LastSight extends Sight {
  readonly atMs: number;
  readonly timeQuality: TimeQuality;
}

export interface TrackTelling {
  readonly action: Extract<TrackingAction, 'entered' | 'left'>;
  readonly track: Entered;
}

type Change = readonly [readonly Entered[], readonly TrackTelling[]];

interface Settings {
  /** Without it nothing is told. Who entered before is remembered, so that nobody enters twice. */
  readonly wanted: boolean;
}

/** `liveIds` are of all tracks that are not over, seen in this frame or not. */
export function stepEntered(
  before: readonly Entered[],
  frame: VisitFrame,
  liveIds: ReadonlySet<string>,
  { wanted }: Settings,
): Change {
  const left = wanted ? before.filter(({ trackId }) => !liveIds.has(trackId)) : [];
  const seen = new Map(frame.people.map((person) => [person.trackId, person]));
  const { atMs, timeQuality, frameId, frameSeq, model } = frame;
  const sightOf = ({ confidence, box }: VisitFrame['people'][number]): LastSight => {
    return { atMs, timeQuality, frameId, frameSeq, confidence, box, model };
  };
  const known = before
    .filter(({ trackId }) => liveIds.has(trackId))
    .map((track) => {
      const person = seen.get(track.trackId);
      seen.delete(track.trackId);
      return person ? { ...track, last: sightOf(person) } : track;
    });
  const entered = (wanted ? [...seen.values()] : []).map((person) => {
    const { trackId, personId } = person;
    return { trackId, personId, last: sightOf(person) };
  });
  return [
    [...known, ...entered],
    [...endEntered(left, { wanted }), ...entered.map((track) => ({ action: 'entered', track }) as const)],
  ];
}

/** For a pause: all are over. */
export function endEntered(tracks: readonly Entered[], { wanted }: Settings): readonly TrackTelling[] {
  return wanted ? tracks.map((track) => ({ action: 'left', track }) as const) : [];
}

/** People are all that is tracked. */
const CLASS_NAME = 'person';

export function trackEvent(
  { deviceId, lane, configVersion }: { readonly deviceId: string; readonly lane: Lane; readonly configVersion: number },
  { action, track: { trackId, personId, last } }: TrackTelling,
): Event {
  return {
    event_id: derivedId('tracking', deviceId, lane, trackId, action),
    device_id: deviceId,
    type: 'tracking',
    version: 1,
    occurred_at: last.atMs,
    ended_at: null,
    frame_id: last.frameId,
    frame_seq: last.frameSeq,
    lane,
    time_quality: last.timeQuality,
    model: last.model,
    config_version: configVersion,
    payload: {
      kind: 'Tracking',
      track_id: trackId,
      tracking_action: action,
      class_name: CLASS_NAME,
      confidence: last.confidence,
      bounding_box: last.box,
      person_id: personId,
    },
  };
}
