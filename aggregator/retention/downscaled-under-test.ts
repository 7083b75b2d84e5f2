import { hash } from 'node:crypto';
import sharp from 'sharp';
import { expect } from 'vitest';
import type { RetentionRig } from './rig-under-test.ts';

export interface Capture {
  readonly blob_key: string;
  readonly size_bytes: number;
  readonly sha256: Buffer;
  readonly sent_sha256: Buffer | null;
  readonly downscaled: string | null;
}

export async function captureOf(rig: RetentionRig, seq: number, device = 'cam'): Promise<Capture> {
  const [row] = await rig.query<Capture>(
    'select blob_key, size_bytes, sha256, sent_sha256, downscaled from captures where device_id = $1 and seq = $2',
    [device, seq],
  );
  if (!row) throw new Error(`there is no frame ${seq}`);
  return row;
}

/** What of a frame's picture is told agrees with what is there, and it is one that can be opened. Answers its size. */
export async function pictureOf(rig: RetentionRig, seq: number, device?: string) {
  const capture = await captureOf(rig, seq, device);
  const bytes = await rig.blobs.get(capture.blob_key);
  if (!bytes) throw new Error(`there is no ${capture.blob_key}`);
  expect([capture.size_bytes, capture.sha256]).toEqual([bytes.length, hash('sha256', bytes, 'buffer')]);
  const { width, height } = await sharp(bytes).metadata();
  return { width, height, bytes: bytes.length };
}
