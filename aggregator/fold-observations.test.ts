import { describe, expect, test } from 'vitest';
import { observation } from '../schemas/records-under-test.ts';
import type { Observation } from '../schemas/types.ts';
import {
  type FoldedObservations,
  foldObservations,
  type ObservationRow,
  type RowsBefore,
} from './fold-observations.ts';

const HOUR_MS = 3_600_000;
const nothing: RowsBefore = { lastRuns: [], known: [] };
const lineOf = ({ lane, deviceId }: ObservationRow) => `${lane}/${deviceId}`;
const keyOf = ({ frameId, outcome }: ObservationRow) => `${frameId} ${outcome}`;

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
  [
    'what was looked at stays so, when its frame comes again and is passed over',
    [observation(1), still(1), still(2)],
    ['1', '2-2 still ×1'],
  ],
  [
    'a run stays as long as it is, when the frame with which it began is looked at after all',
    [still(1), still(2), still(3), observation(1), still(4)],
    ['1-3 still ×3', '1', '4-4 still ×1'],
  ],
  [
    'or comes again and is passed over',
    [still(1), still(2), observation(3), still(1), still(4)],
    ['1-2 still ×2', '3', '4-4 still ×1'],
  ],
  [
    'a second look at a frame ends no run that came after the first one',
    [observation(1), still(2), observation(1, { reason: 'redriven' }), still(3)],
    ['1', '2-3 still ×2'],
  ],
];

describe('a batch becomes rows', () => {
  test.each(stories)('%s', (_, told, rows) => {
    expect(foldObservations(nothing, told).rows.map(shortly)).toEqual(rows);
  });

  test.each(stories)('wherever one batch ends and the next begins: %s', (_, told) => {
    const whole = foldObservations(nothing, told);
    for (const at of told.keys()) {
      const first = foldObservations(nothing, told.slice(0, at));
      const second = foldObservations(before(first, told.slice(at)), told.slice(at));
      const rows = new Map([...first.rows, ...second.rows].map((row) => [keyOf(row), row]));
      expect([...rows.values()]).toEqual(whole.rows);
      const last = new Map([...first.last, ...second.last].map((row) => [lineOf(row), keyOf(row)]));
      expect(last).toEqual(new Map(whole.last.map((row) => [lineOf(row), keyOf(row)])));
    }
  });

  test.each(stories)('and the last of each device and lane is known: %s', (_, told) => {
    const { rows, last } = foldObservations(nothing, told);
    const expected = new Map(rows.map((row) => [lineOf(row), row]));
    expect(new Map(last.map((row) => [lineOf(row), row]))).toEqual(expected);
  });

  test('one that only grows is no other', () => {
    const first = foldObservations(nothing, [still(1), still(2)]);
    expect(foldObservations(before(first, [still(3)]), [still(3)])).toEqual({
      rows: [expect.objectContaining({ seq: 1, lastSeq: 3 })],
      last: [],
    });
  });
});

/** As the tables answer: the last of each device and lane, if it is a run; and what they have of these frames. */
function before({ rows, last }: FoldedObservations, told: readonly Observation[]): RowsBefore {
  const lines = new Set(told.map(({ lane, device_id }) => `${lane}/${device_id}`));
  return {
    lastRuns: last.filter((row) => lines.has(lineOf(row)) && row.seen === null),
    known: rows.filter(({ frameId }) => told.some(({ frame_id }) => frame_id === frameId)),
  };
}

test('a frame keeps what was seen in it, a run nothing', () => {
  const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
  const seen = {
    motion: { score: 0.5, boxes: [box] },
    objects: [{ class_name: 'person', confidence: 0.9, box, track_id: 'T' }],
  };
  const { rows } = foldObservations(nothing, [observation(1, { ...seen, model: 'm' }), still(2, seen)]);
  const [frame, run] = rows;
  expect(frame).toMatchObject({ seen, model: 'm', frames: 1 });
  expect(run).toMatchObject({ seen: null, frames: 1 });
});
