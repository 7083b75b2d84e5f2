import type { Event } from './types.ts';

const PREFIX = 'snapshots/';

/**
 * Where an event's snapshot lies among the blobs: `snapshots/camera-1/2024-03-15/motion_143052_456000.png`, in UTC, the
 * last six digits being microseconds: those of the event's time, and below them its ordinal among the events of its device,
 * type, lane and millisecond, twice, and one more for the backlog. So no two share a name. The ordinal is in the event's row
 * (snapshots/sql/name-picture.sql) from before its picture is drawn, so that one that is drawn again gets the same name.
 */
export function snapshotKey({
  type,
  device_id,
  occurred_at,
  lane,
  ordinal = 0,
}: {
  readonly type: string;
  readonly device_id: string;
  readonly occurred_at: number;
  readonly lane: Event['lane'];
  /** Of the first one it is 0, and so of every motion, since no two begin at once. */
  readonly ordinal?: number;
}): string {
  const [date = '', time = ''] = new Date(occurred_at).toISOString().split(/[TZ]/);
  const [clock = '', milliseconds = ''] = time.split('.');
  // Of more than five hundred at once there are more digits.
  const place = String(2 * ordinal + (lane === 'live' ? 0 : 1)).padStart(3, '0');
  return `${PREFIX}${device_id}/${date}/${type}_${clock.replaceAll(':', '')}_${milliseconds}${place}.png`;
}

/** As people are told it: `camera-1/2024-03-15/motion_143052_456000.png`. */
export function snapshotPath(key: string): string {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key;
}
