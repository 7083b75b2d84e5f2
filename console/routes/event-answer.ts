import { Type } from 'typebox';
import { snapshotPath } from '../../schemas/snapshot-key.ts';
import type { EventRow } from '../find-event.ts';

/** The number that an event is asked for by. */
export const eventParams = Type.Object({ number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });

/** An event in the words of the events API. */
export function eventAnswer(row: EventRow) {
  const { number, id, type, device_id, occurred_at, frame_seq, snapshot_path, data, ...same } = row;
  return {
    id: number,
    event_id: id,
    event_type: type,
    camera_id: device_id,
    timestamp: occurred_at,
    frame_number: frame_seq,
    snapshot_path: snapshot_path && snapshotPath(snapshot_path),
    event_data: data,
    ...same,
  };
}
