import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger, type EpochInput, HOUR_MS, type LedgerInput } from './ledger.ts';
import type { SeqBlock, SeqRange } from './missing.ts';

/** One frame that was confirmed, and in which hour it was taken. */
interface Taken {
  readonly seq: number;
  readonly hour: number;
}

const HOURS = 6;

function blocksOf(seqs: Iterable<number>): SeqBlock[] {
  const blocks = new Map<number, string[]>();
  for (const seq of seqs) {
    const block = Math.floor(seq / 4_096);
    const bits = blocks.get(block) ?? Array<string>(4_096).fill('0');
    blocks.set(block, bits);
    bits[seq % 4_096] = '1';
  }
  return [...blocks]
    .sort(([a], [b]) => a - b)
    .map(([block, bits]) => ({ block, bits: bits.includes('0') ? bits.join('') : null }));
}

/** As the tables have it. */
function epochOf(
  epoch: number,
  taken: readonly Taken[],
  dropped: readonly SeqRange[] = [],
  issuedBefore = 0,
): EpochInput {
  const hours = Array.from({ length: HOURS }, (_, hour) =>
    taken.filter((one) => one.hour === hour).map(({ seq }) => seq),
  );
  return {
    epoch,
    issuedBefore,
    hours: hours.flatMap((seqs, hour) => {
      if (seqs.length === 0) return [];
      return [{ hourMs: hour * HOUR_MS, received: seqs.length, lastSeq: Math.max(...seqs), duplicates: hour }];
    }),
    blocks: blocksOf(taken.map(({ seq }) => seq)),
    dropped,
  };
}

const ledgerOf = (epochs: readonly EpochInput[], more: Partial<LedgerInput> = {}) =>
  createLedger({ fromMs: 0, toMs: HOURS * HOUR_MS, epochs, queue: null, analyses: [], ...more });
const run = (from: number, to: number, hour: number): Taken[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({ seq: from + at, hour }));

describe('a ledger', () => {
  test('of nothing says so', () => {
    const { hours, totals, explained } = ledgerOf([]);
    expect(hours).toHaveLength(HOURS);
    expect(Object.values(totals).every((count) => count === 0)).toBe(true);
    expect(explained).toBe('No seq was given out.');
  });

  test('accounts for what was received, given up and is still waiting', () => {
    const taken = [...run(1, 10, 0), ...run(16, 20, 1), ...run(24, 25, 3)];
    const epoch = epochOf(1, taken, [{ from_seq: 9, to_seq: 12 }]);
    const { hours, totals, queuedElsewhere, explained } = ledgerOf([epoch], {
      queue: { epoch: 1, depth: 8, missingAfter: 0 },
    });
    expect(
      hours.map(({ issued, received, missing, declared_drops, declared_queue, residual }) => {
        return [issued, received, missing, declared_drops, declared_queue, residual];
      }),
    ).toEqual([
      [10, 10, 0, 0, 0, 0],
      [10, 5, 5, 2, 3, 0],
      [0, 0, 0, 0, 0, 0],
      [5, 2, 3, 0, 3, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(hours[1]?.missing_ranges).toEqual([{ epoch: 1, from_seq: 11, to_seq: 15 }]);
    expect(totals).toMatchObject({ issued: 25, received: 17, declared_drops: 2, declared_queue: 6, residual: 0 });
    expect(queuedElsewhere).toBe(2);
    expect(explained).toBe('Of 25 issued: 17 received, 2 given up by the device, 6 waiting on the device.');
  });

  test('leaves what nobody speaks of as the residual, in the hour after it was missed', () => {
    const { hours, totals, explained } = ledgerOf([epochOf(1, [...run(1, 5, 0), ...run(9, 9, 2)])]);
    expect(hours.map(({ residual }) => residual)).toEqual([0, 0, 3, 0, 0, 0]);
    expect([totals.residual, explained]).toEqual([3, null]);
  });

  test('gives the queue the newest missing first, and none of another epoch', () => {
    const taken = [...run(3, 3, 0), ...run(6, 6, 1), ...run(9, 9, 2)];
    const queue = (depth: number, missingAfter = 0, epoch = 1) =>
      ledgerOf([epochOf(1, taken)], { queue: { epoch, depth, missingAfter } });
    const allotted = (ledger: ReturnType<typeof queue>) => [
      ...ledger.hours.slice(0, 3).map(({ declared_queue }) => declared_queue),
      ledger.queuedElsewhere,
    ];
    expect(allotted(queue(3))).toEqual([0, 1, 2, 0]);
    expect(allotted(queue(9))).toEqual([2, 2, 2, 3]);
    // What was issued after the span is newer.
    expect(allotted(queue(3, 2))).toEqual([0, 0, 1, 2]);
    expect(allotted(queue(3, 7))).toEqual([0, 0, 0, 3]);
    expect(allotted(queue(3, 0, 2))).toEqual([0, 0, 0, 3]);
  });

  test('says that hours make up for each other where frames came out of order', () => {
    const { hours, explained } = ledgerOf([epochOf(1, [...run(6, 10, 0), ...run(1, 5, 1)])]);
    expect(hours.slice(0, 2).map(({ residual }) => residual)).toEqual([5, -5]);
    expect(explained).toMatch(/^Of 10 issued: 10 received\. .*make up for each other/);
  });

  test('tells so many ranges and counts the rest', () => {
    const taken = Array.from({ length: 121 }, (_, at) => ({ seq: 2 * at, hour: 0 }));
    const [hour] = ledgerOf([epochOf(1, taken, [], -1), epochOf(2, run(7, 7, 0))]).hours;
    expect(hour).toMatchObject({ missing: 126, missing_ranges_more: 71 });
    expect(hour?.missing_ranges.slice(-1)).toEqual([{ epoch: 1, from_seq: 99, to_seq: 99 }]);
  });

  test('of whole blocks needs no bits', () => {
    const ledger = ledgerOf([epochOf(1, [...run(0, 8_191, 0), { seq: 8_200, hour: 1 }], [], -1)]);
    expect(ledger.hours[1]?.missing_ranges).toEqual([{ epoch: 1, from_seq: 8_192, to_seq: 8_199 }]);
    expect(ledger.totals).toMatchObject({ issued: 8_201, received: 8_193, missing: 8 });
  });

  test('does not count what a device leaves out one by one', () => {
    const last = 2 ** 52 - 1;
    const taken = [
      { seq: 5, hour: 0 },
      { seq: 4e9, hour: 1 },
      { seq: last, hour: 2 },
    ];
    const dropped = [
      { from_seq: 6, to_seq: 1e9 },
      { from_seq: 5e9, to_seq: last },
    ];
    const { hours, totals } = ledgerOf([epochOf(1, taken, dropped, 4)]);
    expect(hours[1]).toMatchObject({ issued: 4e9 - 5, missing: 4e9 - 6, declared_drops: 1e9 - 5 });
    expect(hours[2]?.missing_ranges).toEqual([{ epoch: 1, from_seq: 4e9 + 1, to_seq: last - 1 }]);
    expect(totals).toMatchObject({
      issued: last - 4,
      received: 3,
      missing: last - 7,
      declared_drops: 1e9 - 5 + last - 5e9,
    });
  });
});

describe('whatever was sent', () => {
  // Few enough to be counted one by one, over several blocks and their edges; in any order of hours.
  const base = fc.constantFrom(0, 1, 4_090, 12_287, 2 ** 40);
  const taken = fc.uniqueArray(fc.record({ offset: fc.nat(60), hour: fc.nat(HOURS - 1) }), {
    selector: ({ offset }) => offset,
    maxLength: 40,
  });
  const drops = fc.uniqueArray(fc.nat(70), { maxLength: 30 });
  const jump = fc.constantFrom(0, 0, 4_096, 3e9);

  test('the ledger says what one finds who counts seq by seq', () => {
    fc.assert(
      fc.property(base, taken, drops, jump, fc.nat(40), fc.nat(10), (from, offsets, dropOffsets, far, depth, after) => {
        // The later half of seqs may lie billions further on; what is left out there is counted by subtraction.
        const place = (offset: number) => from + 1 + offset + (offset > 30 ? far : 0);
        const sent = offsets.map(({ offset, hour }) => ({ seq: place(offset), hour }));
        const droppedSeqs = new Set(dropOffsets.map(place));
        const dropped = [...droppedSeqs].sort((a, b) => a - b).map((seq) => ({ from_seq: seq, to_seq: seq }));
        const epoch = epochOf(1, sent, dropped, from);
        const { hours, totals, queuedElsewhere } = ledgerOf([epoch], {
          queue: { epoch: 1, depth, missingAfter: after },
        });

        const received = new Set(sent.map(({ seq }) => seq));
        let greatest = from;
        const naive = Array.from({ length: HOURS }, (_, hour) => {
          const mine = sent.filter((one) => one.hour === hour).map(({ seq }) => seq);
          const next = Math.max(greatest, ...mine);
          const inside = (seq: number) => seq > greatest && seq <= next;
          const there = [...received].filter(inside).sort((a, b) => a - b);
          const given = [...droppedSeqs].filter((seq) => inside(seq) && !received.has(seq)).length;
          const stops = [greatest, ...there, next + 1];
          const ranges = stops.slice(1).flatMap((stop, at) => {
            const start = (stops[at] ?? 0) + 1;
            return start < stop ? [{ epoch: 1, from_seq: start, to_seq: stop - 1 }] : [];
          });
          const counted = { issued: next - greatest, missing: next - greatest - there.length, received: mine.length };
          greatest = next;
          return { ...counted, declared_drops: given, ranges };
        });
        let left = Math.max(0, depth - after);
        const queued = naive
          .toReversed()
          .map(({ missing, declared_drops }) => {
            const taken = Math.min(left, missing - declared_drops);
            left -= taken;
            return taken;
          })
          .reverse();

        expect(
          hours.map(({ issued, missing, received: got, declared_drops, missing_ranges, missing_ranges_more }) => {
            return { issued, missing, received: got, declared_drops, ranges: [missing_ranges, missing_ranges_more] };
          }),
        ).toEqual(naive.map((hour) => ({ ...hour, ranges: [hour.ranges, 0] })));
        expect(hours.map(({ declared_queue }) => declared_queue)).toEqual(queued);
        expect(queuedElsewhere).toBe(depth - queued.reduce((sum, one) => sum + one, 0));
        // Of all of them together, what is left over is what is missing and nobody spoke of.
        expect(totals.residual).toBe(totals.missing - totals.declared_drops - totals.declared_queue);
        expect(totals.issued).toBe(greatest - from);
      }),
      { numRuns: 500 },
    );
  });

  test('epochs add up', () => {
    fc.assert(
      fc.property(taken, taken, (one, other) => {
        const epochs = [one, other].map((sent, at) => {
          return epochOf(
            at,
            sent.map(({ offset, hour }) => ({ seq: offset + 1, hour })),
          );
        });
        const apart = epochs.map((epoch) => ledgerOf([epoch]).totals);
        const { totals } = ledgerOf(epochs);
        for (const name of Object.keys(totals) as (keyof typeof totals)[]) {
          expect(totals[name]).toBe((apart[0]?.[name] ?? 0) + (apart[1]?.[name] ?? 0));
        }
      }),
    );
  });
});
