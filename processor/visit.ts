import { derivedId } from '../schemas/identity.ts';
import type { Box, Event, Lane, TimeQuality, VisitState } from '../schemas/types.ts';
import { GAP_MAX_MS } from './pace.ts';

/** One stay of one person, as it is remembered between frames and told in versions. visits.ts follows it. */
export interface Visit {
  readonly personId: string;
  /** The newest one taken to be them. */
  readonly trackId: string;
  /** The first sight, which names the event. */
  readonly openedAtMs: number;
  /** What that time rests on. */
  readonly timeQuality: TimeQuality;
  /** The last frame before the first sight, if there was one since the last pause. */
  readonly unseenBeforeMs: number | null;
  readonly lastSeenAtMs: number;
  /** The first frame after the last sight, once there is one. */
  readonly unseenSinceMs: number | null;
  readonly sightings: number;
  readonly best: Sight;
  readonly over: boolean;
  readonly version: number;
  readonly toldAtMs: number;
}

/** The surest sight of a person, and the frame that shows it. */
export interface Sight {
  readonly frameId: string;
  readonly frameSeq: number;
  readonly confidence: number;
  readonly box: Box;
  readonly model: string;
}

export interface VisitTelling {
  readonly visit: Visit;
  readonly state: VisitState;
  readonly dwellMaxMs: number;
}

/** While it lasts, nothing is known of what comes after the last sight, and the stay so far is told. */
export function tell(visit: Visit, state: 'opened' | 'updated', atMs: number): VisitTelling {
  const told = { ...visit, over: false, version: visit.version + 1, toldAtMs: atMs };
  return { visit: told, state, dwellMaxMs: dwellMaxMs(told, visit.lastSeenAtMs) };
}

/** They may have stayed until just before `goneByMs`, which a frame without them says, or a tick for want of one. */
export function close(visit: Visit, { atMs, goneByMs }: { readonly atMs: number; readonly goneByMs: number }) {
  const told = { ...visit, over: true, version: visit.version + 1, toldAtMs: atMs };
  return { visit: told, state: 'closed', dwellMaxMs: dwellMaxMs(told, goneByMs) } satisfies VisitTelling;
}

/**
 * A person who was not in the frame before may have come right after it, and may have gone right before the one that
 * first was without them. Of a camera that was off, two minutes on either side are allowed for, and before its very
 * first frame nothing. A pause is as if the camera had not been there: on that side, too, nothing is allowed for.
 */
function dwellMaxMs({ openedAtMs, unseenBeforeMs, lastSeenAtMs }: Visit, goneByMs: number): number {
  const beforeMs = Math.min(openedAtMs - (unseenBeforeMs ?? openedAtMs), GAP_MAX_MS);
  const afterMs = Math.min(goneByMs - lastSeenAtMs, GAP_MAX_MS);
  return beforeMs + (lastSeenAtMs - openedAtMs) + afterMs;
}

export function visitEvent(
  { deviceId, lane, configVersion }: { readonly deviceId: string; readonly lane: Lane; readonly configVersion: number },
  { visit, state, dwellMaxMs: dwell_max_ms }: VisitTelling,
): Event {
  const { personId, trackId, openedAtMs, lastSeenAtMs, sightings, best } = visit;
  const dwellMs = lastSeenAtMs - openedAtMs;
  return {
    event_id: derivedId('visit', deviceId, lane, personId, openedAtMs),
    device_id: deviceId,
    type: 'visit',
    version: visit.version,
    occurred_at: openedAtMs,
    ended_at: visit.over ? lastSeenAtMs : null,
    frame_id: best.frameId,
    frame_seq: best.frameSeq,
    lane,
    time_quality: visit.timeQuality,
    model: best.model,
    config_version: configVersion,
    payload: {
      kind: 'Visit',
      person_id: personId,
      state,
      dwell_ms: dwellMs,
      dwell_min_ms: dwellMs,
      dwell_max_ms,
      last_seen_at: lastSeenAtMs,
      track_id: trackId,
      sightings,
      confidence: best.confidence,
      box: best.box,
    },
  };
}
