import type { Box, Event } from '../schemas/types.ts';

/** What the picture of an event shows, as the event alone says. Pure. */
export type Drawing =
  /** Where it moved; in the frame that moved most, which is known by how much that was. */
  | { readonly kind: 'motion'; readonly boxes: readonly Box[]; readonly peakScore: number }
  | { readonly kind: 'thing'; readonly frameId: string; readonly thing: Thing };

export interface Thing {
  readonly box: Box;
  readonly className: string;
  readonly confidence: number | null;
  readonly trackId: string | null;
}

/** Of an event that cannot be drawn; it is told, and passed over. */
export interface NotDrawn {
  readonly outcome: string;
  readonly reason: string;
}

/** Everybody who is told of by person is one. */
const PERSON = 'person';

/**
 * Null for a version of which nothing is to be drawn yet: what lasts is drawn when it is over, in its best frame. What is
 * told once, or begins, is drawn at once.
 */
export function whatToDraw({ type, ended_at, frame_id, payload }: Event): Drawing | NotDrawn | null {
  if (type === 'motion') {
    if (ended_at === null) return null;
    if (payload.kind !== 'Motion') return { outcome: 'no-motion', reason: `it tells of ${payload.kind} instead` };
    return { kind: 'motion', boxes: payload.boxes, peakScore: payload.peak_score };
  }
  if (payload.kind === 'Visit' && payload.state !== 'closed') return null;
  const thing = thingIn(payload);
  if (thing === null || frame_id === null)
    return { outcome: 'no-place', reason: 'it does not say where, or in which frame' };
  return { kind: 'thing', frameId: frame_id, thing };
}

function thingIn(payload: Event['payload']): Thing | null {
  switch (payload.kind) {
    case 'Detection': {
      const { box, class_name, confidence } = payload;
      return { box, className: class_name, confidence, trackId: null };
    }
    case 'Tracking': {
      const { bounding_box, class_name, confidence, track_id } = payload;
      return { box: bounding_box, className: class_name, confidence, trackId: track_id };
    }
    case 'Visit': {
      const { box, confidence, track_id } = payload;
      return box && { box, className: PERSON, confidence, trackId: track_id };
    }
    case 'ZoneChange':
    case 'LineCrossing':
    case 'Loitering':
      return payload.box && { box: payload.box, className: PERSON, confidence: null, trackId: null };
    default:
      return null;
  }
}
