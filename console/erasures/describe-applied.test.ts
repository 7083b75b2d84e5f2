import { expect, test } from 'vitest';
import type { Applied } from './apply.ts';
import { describeApplied } from './describe-applied.ts';

const erasure: Applied['erasure'] = {
  id: '11111111-1111-4111-8111-111111111111',
  kind: 'device',
  devices: ['cam-1'],
  device_id: 'cam-1',
  person_id: null,
  from_at: null,
  to_at: null,
  requested_at: new Date(Date.UTC(2026, 4, 1, 12)),
  username: 'ann',
  step: 'settle',
  gone: {},
  applied_again_at: null,
  error: null,
  finished_at: null,
};
const person = { ...erasure, kind: 'person', person_id: 'p-1', devices: ['cam-1', 'cam-2'] } as const;
const range = { ...erasure, kind: 'range', from_at: new Date(0), to_at: new Date(3_600_000) } as const;

test.each<[applied: readonly Applied[], told: readonly string[]]>([
  [[], ['0 erasures carried out.']],
  [
    [{ erasure, wasKnown: true, gone: {} }],
    ['device cam-1, asked for by ann at 2026-05-01T12:00:00.000Z: nothing of it was there', '1 erasure carried out.'],
  ],
  [
    [
      { erasure: person, wasKnown: false, gone: { events: 3, dead_letters: 1 } },
      { erasure: range, wasKnown: true, gone: { blobs: 2 } },
    ],
    [
      'person p-1 of cam-1, cam-2, asked for by ann at 2026-05-01T12:00:00.000Z: 3 events, 1 dead letters',
      'cam-1 from 1970-01-01T00:00:00.000Z to 1970-01-01T01:00:00.000Z, asked for by ann at 2026-05-01T12:00:00.000Z: 2 blobs',
      '2 erasures carried out, 1 of which the database did not know.',
    ],
  ],
])('%#', (applied, told) => {
  expect(describeApplied(applied).split('\n')).toEqual(told);
});
