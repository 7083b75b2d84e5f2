import { fixedCodec } from './codec.ts';
import { derivedId, frameId } from './identity.ts';
import type { Attempt, DeadLetter, Event, Frame, Observation } from './types.ts';

export const NOW_MS = Date.UTC(2026, 4, 1, 12);

export function frame(seq: number, change: Partial<Frame> = {}): Frame {
  return {
    frame_id: frameId('camera', 0, seq),
    device_id: 'camera',
    epoch: 0,
    seq,
    captured_at: NOW_MS + seq * 200,
    device_time: NOW_MS + seq * 200,
    time_quality: 'device',
    received_at: NOW_MS + seq * 200 + 50,
    blob_key: `images/camera/${seq}.jpg`,
    size_bytes: 20_000,
    sha256: Buffer.alloc(32, seq),
    source: 'upload',
    lane: 'live',
    ...change,
  };
}

export function observation(seq: number, change: Partial<Observation> = {}): Observation {
  const { frame_id, device_id, epoch, captured_at, lane } = frame(seq);
  return {
    frame_id,
    device_id,
    epoch,
    seq,
    captured_at,
    lane,
    outcome: 'analysed',
    reason: null,
    width: 640,
    height: 480,
    motion: { score: 0.25, boxes: [] },
    objects: [],
    model: null,
    config_version: 0,
    ...change,
  };
}

export function attempt(seq: number, change: Partial<Attempt> = {}): Attempt {
  const { frame_id, device_id, epoch, captured_at, lane } = frame(seq);
  const of = { frame_id, device_id, epoch, seq, captured_at, lane };
  return { ...of, state: 'failed', attempts: 1, error: 'picture-unavailable: away', at: NOW_MS, ...change };
}

export function event(name: string, change: Partial<Event> = {}): Event {
  return {
    event_id: derivedId('test', name),
    device_id: 'camera',
    type: 'motion',
    version: 1,
    occurred_at: NOW_MS,
    ended_at: null,
    frame_id: frameId('camera', 0, 1),
    frame_seq: 1,
    lane: 'live',
    time_quality: 'device',
    model: null,
    config_version: 0,
    payload: { kind: 'Motion', score: 0.5, peak_score: 0.5, frames: 1, boxes: [] },
    ...change,
  };
}

/** What the processor says of a frame whose picture it cannot read. */
export function letter(seq: number, change: Partial<DeadLetter> = {}): DeadLetter {
  const dead = frame(seq);
  return {
    dead_letter_id: derivedId('test-letter', seq),
    device_id: dead.device_id,
    topic: 'frames',
    partition: 0,
    offset: seq,
    original_key: dead.device_id,
    original_value: fixedCodec.encode('frame', dead),
    code: 'bad-picture',
    message: 'no JPEG',
    attempts: 3,
    recorded_at: NOW_MS,
    frame_id: dead.frame_id,
    captured_at: dead.captured_at,
    ...change,
  };
}
