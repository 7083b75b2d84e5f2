import type { Detection } from '../ports/detector/detector.ts';
import { derivedId } from '../schemas/identity.ts';
import type { Event, Lane } from '../schemas/types.ts';
import type { VisitFrame } from './visits.ts';

/**
 * The first confident sight of each class of things: told when nothing of the class was seen for a while, and then not
 * again as long as such things are seen, with less than that while between two sights. So a car that is parked is told of
 * once. Pure, in event time.
 */
export interface SeenClass {
  readonly className: string;
  readonly seenAtMs: number;
}

export interface FirstSight {
  readonly object: Detection;
  readonly frame: Omit<VisitFrame, 'people'>;
}

export interface FirstSightSettings {
  readonly cooldownMs: number;
  /** Without it nothing is told, and nothing remembered. */
  readonly wanted: boolean;
}

/** Models know fewer classes, or are seldom shown more of them at once; of more, those seen last are remembered. */
export const CLASSES_MAX = 100;
/** A model of somebody's own may call things as it likes: of longer names the rest does not count. */
const NAME_CHARS_MAX = 64;

export function stepFirstSights(
  before: readonly SeenClass[],
  frame: FirstSight['frame'],
  /** Those of which it is sure. */
  objects: readonly Detection[],
  { cooldownMs, wanted }: FirstSightSettings,
): readonly [readonly SeenClass[], readonly FirstSight[]] {
  if (!wanted) return [before.length === 0 ? before : [], []];
  const { atMs } = frame;
  const isRecent = ({ seenAtMs }: SeenClass) => atMs - seenAtMs < cooldownMs;
  const recent = before.filter(isRecent);
  const surest = new Map<string, Detection>();
  for (const object of objects) {
    const className = object.className.slice(0, NAME_CHARS_MAX);
    const other = surest.get(className);
    if (!other || isSurer(object, other)) surest.set(className, { ...object, className });
  }
  if (surest.size === 0 && recent.length === before.length) return [before, []];
  const known = new Set(recent.map(({ className }) => className));
  const found = [...surest.keys()].sort();
  const seen = found.map((className) => ({ className, seenAtMs: atMs }));
  const others = recent.filter(({ className }) => !surest.has(className));
  return [
    [...others, ...seen].slice(-CLASSES_MAX),
    found.flatMap((className) => {
      const object = surest.get(className);
      return object && !known.has(className) ? [{ object, frame }] : [];
    }),
  ];
}

/** Of two that are as sure the one further to the left, so that it does not matter which is listed first. */
function isSurer(one: Detection, other: Detection): boolean {
  return one.confidence > other.confidence || (one.confidence === other.confidence && one.box.x < other.box.x);
}

export function firstSightEvent(
  { deviceId, lane, configVersion }: { readonly deviceId: string; readonly lane: Lane; readonly configVersion: number },
  { object, frame }: FirstSight,
): Event {
  const { className, confidence, box } = object;
  return {
    event_id: derivedId('detection', deviceId, lane, frame.frameId, className),
    device_id: deviceId,
    type: 'detection',
    version: 1,
    occurred_at: frame.atMs,
    ended_at: null,
    frame_id: frame.frameId,
    frame_seq: frame.frameSeq,
    lane,
    time_quality: frame.timeQuality,
    model: frame.model,
    config_version: configVersion,
    payload: { kind: 'Detection', class_name: className, confidence, box },
  };
}
