import { describe, expect, test } from 'vitest';
import { observation } from '../schemas/records-under-test.ts';
import type { Observation } from '../schemas/types.ts';
import { foldObservations, type ObservationRow } from './fold-observations.ts';

const HOUR_MS = 3_600_000;

const still = (seq: number, change: Partial<Observation> = {}) =>
  observation(seq, { outcome: 'skipped', reason: 'still', ...change });

/** As `1-3 still`, or `4` for a frame that was looked at. */
const shortly = ({ seq, lastSeq, frames, reason, seen }: ObservationRow) =>
  seen ? `${seq}` : `${seq}-${lastSeq} ${reason} ×${frames}`;

const stories: readonly (readonly [name: string, told: readonly Observation[], rows: readonly string[]])[] = [
  ['nothing', [], []],
  ['frames that were looked at are a row each', [observation(1), observation(2)], ['1', '2']],
  ['frames that were passed over for one reason are one', [still(1), still(2), still(3)], ['1-3 still ×3']],
  ['a run ends where one was looked at', [still(1), observation(2), still(3)], ['1-1 still ×1', '2', '3-3 still ×1']],
  [
    'and where the reason is another',
    [still(1), still(2), still(3, { reason: 'paused' })],
    ['1-2 still ×2', '3-3 paused ×1'],
  ],
  ['a gap of seqs ends none', [still(1), still(5)], ['1-5 still ×2']],
  [
    'late frames that come backwards are a run',
    [9, 8, 7].map((seq) => still(seq, { reason: 'out-of-order' })),
    ['9-7 out-of-order ×3'],
  ],
  [
    'a run ends with its hour',
    [still(1), still(2, { captured_at: observation(1).captured_at + HOUR_MS }), still(3)],
    ['1-1 still ×1', '2-2 still ×1', '3-3 still ×1'],
  ],
  ['with its epoch', [still(1), still(2, { epoch: 1 })], ['1-1 still ×1', '2-2 still ×1']],
  ['and with its configuration', [still(1), still(2, { config_version: 1 })], ['1-1 still ×1', '2-2 still ×1']],
  [
    'lanes and devices do not end those of others',
    [
      still(1),
      still(2, { lane: 'backlog' }),
      still(3, { device_id: 'other' }),
      still(4),
      still(5, { lane: 'backlog' }),
    ],
    ['1-4 still ×2', '2-5 still ×2', '3-3 still ×1'],
  ],
  ['a frame that is told of twice counts once', [still(1), still(2), still(2), still(3)], ['1-3 still ×3']],
];

describe('a batch becomes rows', () => {
  test.each(stories)('%s', (_, told, rows) => {
    expect(foldObservations([], told).map(shortly)).toEqual(rows);
  });

  test.each(stories)('wherever one batch ends and the next begins: %s', (_, told) => {
    const whole = foldObservations([], told);
    for (const at of told.keys()) {
      const first = foldObservations([], told.slice(0, at));
      const rows = new Map(first.map((row) => [row.frameId, row]));
      for (const row of foldObservations(lastOf(first, told.slice(0, at)), told.slice(at))) rows.set(row.frameId, row);
      expect([...rows.values()]).toEqual(whole);
    }
  });
});

/** As the table answers: the last of each device and lane, if it is a run. */
function lastOf(rows: readonly ObservationRow[], told: readonly Observation[]): readonly ObservationRow[] {
  const lines = new Set(told.map(({ lane, device_id }) => `${lane}/${device_id}`));
  return [...lines].flatMap((line) => {
    const last = rows.findLast(({ lane, deviceId }) => `${lane}/${deviceId}` === line);
    return last && last.seen === null ? [last] : [];
  });
}

test('what was looked at stays so, when its frame comes again and is passed over', () => {
  expect(foldObservations([], [observation(1), still(1), still(2)]).map(shortly)).toEqual(['1', '2-2 still ×1']);
});

test('a frame keeps what was seen in it, a run nothing', () => {
  const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
  const seen = {
    motion: { score: 0.5, boxes: [box] },
    objects: [{ class_name: 'person', confidence: 0.9, box, track_id: 'T' }],
  };
  const [frame, run] = foldObservations([], [observation(1, { ...seen, model: 'm' }), still(2, seen)]);
  expect(frame).toMatchObject({ seen, model: 'm', frames: 1 });
  expect(run).toMatchObject({ seen: null, frames: 1 });
});
