import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasSeen, noSeqs, type SeenSeqs, withSeen } from './seen-seqs.ts';

const WINDOW = 4_096;

describe('seen seqs', () => {
  test('of which there are none at first', () => {
    for (const seq of [0, 1, WINDOW - 1, WINDOW, 2 ** 40]) expect(hasSeen(noSeqs, 0, seq)).toBe(false);
  });

  test('the window ends 4,096 below the highest', () => {
    const seen = seenAll([0, 1, WINDOW]);
    expect([0, 1, WINDOW].map((seq) => hasSeen(seen, 0, seq))).toEqual([false, true, true]);
  });

  test('what is older than the window counts as new, and changes nothing', () => {
    const seen = seenAll([5, 3 * WINDOW]);
    expect(hasSeen(seen, 0, 5)).toBe(false);
    expect(withSeen(seen, 0, 5)).toEqual(seen);
    expect(withSeen(seen, 0, 2 * WINDOW)).toEqual(seen);
  });

  test('a new epoch counts from nothing, and those before go on', () => {
    const seen = withSeen(seenAll([0, 1, 2]), 1, 1);
    expect([0, 1, 2].map((seq) => hasSeen(seen, 1, seq))).toEqual([false, true, false]);
    expect([0, 1, 2, 9].map((seq) => hasSeen(seen, 0, seq))).toEqual([true, true, true, false]);
  });

  test('of many epochs the newest are remembered, and the one of frames without a seq', () => {
    const seen = [0, 1, 2, 3, 4, 5].reduce((before, epoch) => withSeen(before, epoch, 7), noSeqs);
    expect([0, 1, 2, 3, 4, 5].map((epoch) => hasSeen(seen, epoch, 7))).toEqual([true, false, false, true, true, true]);
  });

  test('are never changed in place', () => {
    const before = seenAll([1, 2, 3]);
    const copy = structuredClone(before);
    withSeen(before, 0, 4);
    withSeen(before, 0, 9_999);
    withSeen(before, 1, 0);
    expect(before).toEqual(copy);
  });

  test('say what a plain set of seqs says, whatever the order, the gaps and the epochs', () => {
    fc.assert(
      fc.property(walks(), (frames) => {
        const model = createModel();
        let seen = noSeqs;
        for (const { epoch, seq } of frames) {
          expect(hasSeen(seen, epoch, seq)).toBe(model.has(epoch, seq));
          seen = withSeen(seen, epoch, seq);
          model.add(epoch, seq);
          expect(hasSeen(seen, epoch, seq)).toBe(model.has(epoch, seq));
        }
        // Not only the seqs that came: also those around them and one window off, where bits could be shared.
        for (const { epoch, seq } of frames) {
          for (const near of [seq - WINDOW, seq - 1, seq + 1, seq + WINDOW].filter((at) => at >= 0)) {
            expect([near, hasSeen(seen, epoch, near)]).toEqual([near, model.has(epoch, near)]);
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});

interface Seq {
  readonly epoch: number;
  readonly seq: number;
}

/** Mostly forward by little, at times back, at times by about a window, rarely into another epoch. */
function walks(): fc.Arbitrary<readonly Seq[]> {
  const step = fc.oneof(
    { weight: 10, arbitrary: fc.integer({ min: -3, max: 5 }) },
    { weight: 3, arbitrary: fc.integer({ min: -WINDOW - 3, max: WINDOW + 3 }) },
    { weight: 2, arbitrary: fc.constantFrom(-WINDOW, 1 - WINDOW, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW) },
  );
  const move = fc.record({ step, epoch: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1)) });
  const start = fc.constantFrom(0, 1, WINDOW - 1, 2 ** 33);
  return fc.tuple(start, fc.array(move, { minLength: 1, maxLength: 120 })).map(([first, moves]) => {
    let epoch = 0;
    let seq = first;
    return moves.map((move) => {
      epoch = Math.min(3, Math.max(0, epoch + move.epoch));
      seq = Math.max(0, seq + move.step);
      return { epoch, seq };
    });
  });
}

/** Epochs here stay few enough to be remembered all. */
function createModel() {
  const epochs = new Map<number, Set<number>>();
  return {
    has(epoch: number, seq: number) {
      const seqs = epochs.get(epoch) ?? new Set();
      return seqs.has(seq) && seq > Math.max(...seqs) - WINDOW;
    },
    add(epoch: number, seq: number) {
      epochs.set(epoch, (epochs.get(epoch) ?? new Set()).add(seq));
    },
  };
}

function seenAll(seqs: readonly number[]): SeenSeqs {
  return seqs.reduce((seen, seq) => withSeen(seen, 0, seq), noSeqs);
}
