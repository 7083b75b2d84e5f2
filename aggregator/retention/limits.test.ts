import { expect, test } from 'vitest';
import { readConfig } from '../../http/read-config.ts';
import type { DeviceRetention } from '../../schemas/device-retention.ts';
import { type RetentionConfig, retentionConfig } from './config.ts';
import { type ClassName, limitsOf, scopesOf, wholeFor } from './limits.ts';

const usual = readConfig(retentionConfig, {});
const HOURS = 3_600_000;
const DAYS = 24 * HOURS;

test.each<[config: Partial<RetentionConfig>, own: DeviceRetention, comesTo: Partial<Record<ClassName, number | null>>]>(
  [
    [{}, {}, { frames: 48 * HOURS, captures: 48 * HOURS, snapshots: 90 * DAYS, events: 90 * DAYS, claims: 30 * DAYS }],
    [{}, {}, { 'dead-letters': 90 * DAYS, outcomes: 7 * DAYS, audit: 730 * DAYS, sessions: 0 }],
    [{ RETENTION_FRAMES_H: 3 }, {}, { frames: 3 * HOURS, captures: 48 * HOURS }],
    // A picture that nobody would find.
    [{ RETENTION_FRAMES_H: 0 }, {}, { frames: 48 * HOURS }],
    [{ RETENTION_CAPTURES_H: 0 }, {}, { frames: 48 * HOURS, captures: null, claims: null }],
    [{ RETENTION_CAPTURES_H: 0, RETENTION_FRAMES_H: 0 }, {}, { frames: null, captures: null }],
    [{ RETENTION_CAPTURES_H: 2_000 }, {}, { captures: 2_000 * HOURS, claims: 2_000 * HOURS }],
    [{ FRAMES_KEEP: 'analysed' }, {}, { frames: 900_000, captures: 48 * HOURS }],
    [
      { FRAMES_KEEP: 'analysed', RETENTION_FRAMES_H: 0, RETENTION_CAPTURES_H: 0 },
      {},
      { frames: 900_000, captures: null },
    ],
    [{ RETENTION_EVENTS_D: 5 }, {}, { snapshots: 5 * DAYS, events: 5 * DAYS }],
    [{ RETENTION_SNAPSHOTS_D: 0, RETENTION_EVENTS_D: 0 }, {}, { snapshots: null, events: null }],
    [{}, { frames_h: 1, events_d: 7 }, { frames: HOURS, captures: 48 * HOURS, snapshots: 7 * DAYS, events: 7 * DAYS }],
    [{}, { captures_h: 0, snapshots_d: 1 }, { frames: 48 * HOURS, captures: null, snapshots: DAYS, claims: null }],
  ],
)('%j and a device’s own %j come to %j', (config, own, comesTo) => {
  expect(limitsOf({ ...usual, ...config }, own)).toMatchObject(comesTo);
});

test.each<[hours: number, own: DeviceRetention, comesTo: number | null]>([
  [0, {}, null],
  [6, {}, 6 * HOURS],
  [6, { frames_downscale_h: 1 }, HOURS],
  [6, { frames_downscale_h: 0 }, null],
  [0, { frames_downscale_h: 2, frames_h: 1 }, 2 * HOURS],
])('after %i hours, and a device’s own %j, pictures are made smaller after %s ms', (hours, own, comesTo) => {
  expect(wholeFor({ ...usual, FRAMES_DOWNSCALE_H: hours }, own)).toBe(comesTo);
});

test('a device with times of its own is none of all the others', () => {
  const scopes = scopesOf(usual, [{ deviceId: 'door', retention: { frames_h: 1, frames_downscale_h: 2 } }]);
  expect(scopes.map(({ deviceId, except, limits, wholeMs }) => [deviceId, except, limits.frames, wholeMs])).toEqual([
    [null, ['door'], 48 * HOURS, null],
    ['door', [], HOURS, 2 * HOURS],
  ]);
});
