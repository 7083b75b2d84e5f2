import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isKey } from '../ports/blobs/blobs.ts';
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

test('different times and lanes have different names, and all of them are keys', () => {
  const at = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
  const lane = fc.constantFrom('live' as const, 'backlog' as const);
  fc.assert(
    fc.property(at, at, lane, lane, (one, other, oneLane, otherLane) => {
      const keys = [
        snapshotKey({ ...event, occurred_at: one, lane: oneLane }),
        snapshotKey({ ...event, occurred_at: other, lane: otherLane }),
      ];
      expect(keys.every(isKey)).toBe(true);
      expect(keys[0] === keys[1]).toBe(one === other && oneLane === otherLane);
    }),
  );
});
