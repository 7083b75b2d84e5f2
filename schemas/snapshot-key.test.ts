import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isKey } from '../ports/blobs/blobs.ts';
import { readBlobName } from './blob-names.ts';
import { snapshotKey } from './snapshot-key.ts';

const event = { type: 'motion', device_id: 'camera-1', occurred_at: Date.UTC(2024, 2, 15, 14, 30, 52, 456) } as const;

test('says which device, which day, what and when', () => {
  expect(snapshotKey({ ...event, lane: 'live' })).toBe('snapshots/camera-1/2024-03-15/motion_143052_456000.png');
  expect(snapshotKey({ ...event, lane: 'live', occurred_at: Date.UTC(2024, 11, 31, 23, 59, 59, 7) })).toBe(
    'snapshots/camera-1/2024-12-31/motion_235959_007000.png',
  );
});

test('two lanes that see something begin at once have two pictures', () => {
  expect(snapshotKey({ ...event, lane: 'backlog' })).toBe('snapshots/camera-1/2024-03-15/motion_143052_456001.png');
});

test.each([
  { ordinal: 1, lane: 'live', name: 'tracking_143052_456002' },
  { ordinal: 1, lane: 'backlog', name: 'tracking_143052_456003' },
  { ordinal: 499, lane: 'backlog', name: 'tracking_143052_456999' },
  { ordinal: 500, lane: 'live', name: 'tracking_143052_4561000' },
] as const)('several of one moment are told apart: $ordinal, $lane', ({ ordinal, lane, name }) => {
  const key = snapshotKey({ ...event, type: 'tracking', lane, ordinal });
  expect(key).toBe(`snapshots/camera-1/2024-03-15/${name}.png`);
  expect(readBlobName(key)).toEqual({ kind: 'snapshot', deviceId: 'camera-1', occurredAtMs: event.occurred_at });
});

test('different times, lanes and ordinals have different names, and all of them are keys', () => {
  // Around one moment, so that ordinals of many digits meet other milliseconds.
  const at = fc.integer({ min: 0, max: 20 });
  const lane = fc.constantFrom('live' as const, 'backlog' as const);
  const ordinal = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 32_767 }));
  const one = fc.record({
    occurred_at: fc.oneof(at, fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })),
    lane,
    ordinal,
  });
  fc.assert(
    fc.property(one, one, (first, second) => {
      const keys = [first, second].map((change) => snapshotKey({ ...event, ...change }));
      expect(keys.every(isKey)).toBe(true);
      const isSame = JSON.stringify(first) === JSON.stringify(second);
      expect(keys[0] === keys[1]).toBe(isSame);
    }),
  );
});
