/** An event as it is read, for whatever tells it to people. */
export interface EventRow {
  readonly number: number;
  readonly id: string;
  readonly type: string;
  readonly device_id: string;
  readonly occurred_at: string;
  readonly ended_at: string | null;
  readonly created_at: string;
  readonly frame_id: string | null;
  readonly frame_seq: number | null;
  readonly snapshot_path: string | null;
  readonly data: unknown;
  readonly version: number;
  readonly lane: 'live' | 'backlog';
  readonly time_quality: string | null;
  readonly trace_id: string | null;
}

/** An entry of `GET /api/events`; the stream tells the same. */
export function asAnswer(row: EventRow) {
  const { number, id, type, device_id, occurred_at, frame_seq, data, ...same } = row;
  return {
    id: number,
    event_id: id,
    event_type: type,
    camera_id: device_id,
    timestamp: occurred_at,
    frame_number: frame_seq,
    event_data: data,
    ...same,
  };
}
