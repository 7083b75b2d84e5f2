import { createHash } from 'node:crypto';
import type { NoPicture } from '../ports/detector/picture.ts';
import type { LogRecord } from '../ports/log/log.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { derivedId, frameId } from '../schemas/identity.ts';
import type { Frame } from '../schemas/types.ts';
import type { Look } from './device-under-test.ts';
import type { MotionGrid } from './motion.ts';

/** Small pictures, so that a test can step many: a bright square on grey, at one of several places. */
export const smallGrid: MotionGrid = { columns: 8, rows: 6 };

/** Where the square is; a frame with another place than the one before it moves. */
export type Place = 0 | 1 | 2 | 3;

export const firstAtMs = Date.UTC(2025, 2, 1, 12);

export function frameOf({
  device = 'camera-1',
  epoch = 1,
  seq,
  atMs,
  lane = 'live',
  blobKey = `images/${device}/${atMs}.jpg`,
}: {
  readonly device?: string;
  readonly epoch?: number;
  readonly seq: number;
  /** Since the first frame's time. */
  readonly atMs: number;
  readonly lane?: Frame['lane'];
  readonly blobKey?: string;
}): Frame {
  return {
    frame_id: frameId(device, epoch, seq),
    device_id: device,
    epoch,
    seq,
    captured_at: firstAtMs + atMs,
    device_time: null,
    time_quality: 'ntp',
    received_at: firstAtMs + atMs + 50,
    blob_key: blobKey,
    size_bytes: 1_000,
    sha256: createHash('sha256').update(blobKey).digest(),
    source: 'upload',
    lane,
  };
}

export function lookOf(place: Place): Look {
  const grey = greyOf(place);
  const original = { width: 320, height: 240 };
  const picture = () => ({ rgb: new Uint8Array(3), width: 1, height: 1, original });
  return {
    prepared: { grey, original, picture, done: () => undefined },
    found: { objects: [], people: { sure: 0.3, faint: 0.2 }, model: 'none@0' },
  };
}

export function greyOf(place: Place): Uint8Array {
  const { columns, rows } = smallGrid;
  return Uint8Array.from({ length: columns * rows }, (_, cell) => (isBright(cell, place) ? 200 : 60));
}

export function recordOf(frame: Frame, headers?: LogRecord['headers']): LogRecord {
  return { key: frame.device_id, value: fixedCodec.encode('frame', frame), ...(headers && { headers }) };
}

/** As the console asks for it; without a size and a digest where another picture is meant to be there. */
export function redriveOf(frame: Frame, stored: Partial<Pick<Frame, 'size_bytes' | 'sha256'>> = {}): LogRecord {
  const { frame_id, device_id, epoch, seq, captured_at, time_quality, lane, blob_key } = frame;
  const value = fixedCodec.encode('control', {
    control_id: derivedId('redrive', frame_id, 1),
    device_id,
    issued_at: captured_at,
    body: {
      kind: 'RedriveControl',
      ...{ frame_id, epoch, seq, captured_at, time_quality, lane, blob_key },
      size_bytes: stored.size_bytes ?? null,
      sha256: stored.sha256 ?? null,
    },
  });
  return { key: device_id, value };
}

export const noPicture: NoPicture = { code: 'undecodable', message: 'not a picture' };

function isBright(cell: number, place: Place): boolean {
  const { columns } = smallGrid;
  return Math.floor((cell % columns) / 2) === place && Math.floor(cell / columns) < 2;
}
