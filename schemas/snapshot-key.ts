import type { Event } from './types.ts';

/**
 * Where an event's snapshot lies among the blobs: `snapshots/camera-1/2024-03-15/motion_143052_456000.png`, in UTC, the
 * last six digits being microseconds. It follows from the event alone, so a picture that is drawn again gets the same
 * name, and whoever has the event's row finds the picture.
 *
 * No two motions of a device share a name: within a lane, no two begin in the same millisecond, and the last digit
 * tells the lanes apart.
 */
export function snapshotKey({
  type,
  device_id,
  occurred_at,
  lane,
}: {
  readonly type: string;
  readonly device_id: string;
  readonly occurred_at: number;
  readonly lane: Event['lane'];
}): string {
  const [date = '', time = ''] = new Date(occurred_at).toISOString().split(/[TZ]/);
  const [clock = '', milliseconds = ''] = time.split('.');
  const ordinal = lane === 'live' ? '000' : '001';
  return `snapshots/${device_id}/${date}/${type}_${clock.replaceAll(':', '')}_${milliseconds}${ordinal}.png`;
}
