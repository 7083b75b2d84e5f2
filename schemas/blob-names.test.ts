import { expect, test } from 'vitest';
import { smallKey } from '../aggregator/retention/small-picture.ts';
import { objectKeyOf } from '../ingest/object-key.ts';
import { readBlobName } from './blob-names.ts';
import { snapshotKey } from './snapshot-key.ts';

const AT_MS = Date.UTC(2026, 4, 1, 12);
const object = (epoch: number, seq: number, filename: string) =>
  objectKeyOf({ deviceId: 'cam', epoch, seq, filename }, AT_MS);

test.each([
  ['images/cam/1764318832186.jpg', { kind: 'frame', deviceId: 'cam', identity: null, statedMs: 1_764_318_832_186 }],
  ['images/cam/17-0a1b2c3d.jpg', { kind: 'frame', deviceId: 'cam', identity: null, statedMs: 17 }],
  [
    'devices/cam/2026/05/01/frame-3-17.jpg',
    { kind: 'frame', deviceId: 'cam', identity: { epoch: 3, seq: 17 }, statedMs: null },
  ],
  [
    'devices/cam/2026/05/01/frame-3-17-0a1b2c3d.jpg',
    { kind: 'frame', deviceId: 'cam', identity: { epoch: 3, seq: 17 }, statedMs: null },
  ],
  [
    smallKey({ deviceId: 'cam', epoch: 0, seq: 17, capturedAtMs: AT_MS }, '0a1b2c3d'),
    { kind: 'frame', deviceId: 'cam', identity: { epoch: 0, seq: 17 }, statedMs: null },
  ],
  [object(1, 17, 'a.jpg'), { kind: 'frame', deviceId: 'cam', identity: { epoch: 1, seq: 17 }, statedMs: null }],
  [
    object(4, 17, '2024-03-15-a.jpg'),
    { kind: 'frame', deviceId: 'cam', identity: { epoch: 4, seq: 17 }, statedMs: null },
  ],
  [
    snapshotKey({ type: 'motion', device_id: 'cam', occurred_at: AT_MS, lane: 'live' }),
    { kind: 'snapshot', deviceId: 'cam', occurredAtMs: AT_MS },
  ],
  [
    snapshotKey({ type: 'a_type', device_id: 'cam', occurred_at: AT_MS + 1_234, lane: 'backlog' }),
    { kind: 'snapshot', deviceId: 'cam', occurredAtMs: AT_MS + 1_234 },
  ],
  ['snapshots/cam/2026-05-01/of-old.png', { kind: 'snapshot', deviceId: 'cam', occurredAtMs: null }],
  ['notes.txt', null],
  ['images/cam/holiday.jpg', null],
  ['images/cam/below/1.jpg', null],
  ['devices/cam/2026/05/photo.jpg', null],
])('%s', (key, named) => {
  expect(readBlobName(key)).toEqual(named);
});
