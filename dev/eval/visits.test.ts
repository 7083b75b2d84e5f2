import { describe, expect, test } from 'vitest';
import { type FoundVisit, scoreVisits, type TrueVisit } from './visits.ts';
import { readWatchedClip, trueVisits, WATCHED } from './watched-clips.ts';

/** Spans in seconds, `P1 0-10`; what is told: who is matched with whom and by how many ms they err, missed, extra. */
const cases = [
  { of: 'the same', truth: 'ann 0-10, bob 20-30', found: 'P1 0-10, P2 20-30', told: 'ann=P1 0 0 0, bob=P2 0 0 0' },
  {
    of: 'late and short, early and long',
    truth: 'ann 0-10, bob 20-30',
    found: 'P1 1-9.5, P2 19-32',
    told: 'ann=P1 +1000 -500 -1500, bob=P2 -1000 +2000 +3000',
  },
  { of: 'nobody who was to be seen', truth: 'ann 0-10', found: '', told: 'missed ann' },
  { of: 'somebody where nobody was', truth: '', found: 'P1 0-10', told: 'extra P1' },
  { of: 'nobody, rightly', truth: '', found: '', told: '' },
  { of: 'somebody at quite another time', truth: 'ann 0-10', found: 'P1 10-20', told: 'missed ann, extra P1' },
  { of: 'a visit in two pieces', truth: 'ann 0-10', found: 'P1 0-3, P2 4-10', told: 'ann=P2 +4000 0 -4000, extra P1' },
  {
    of: 'two visits as one',
    truth: 'ann 0-10, bob 20-31',
    found: 'P1 0-31',
    told: 'bob=P1 -20000 0 +20000, missed ann',
  },
  {
    of: 'something that is there all day',
    truth: 'ann 10-20, bob 30-40',
    found: 'P0 0-99, P1 11-21, P2 30-41',
    told: 'ann=P1 +1000 +1000 0, bob=P2 0 +1000 +1000, extra P0',
  },
  {
    of: 'the better one first, though it comes later',
    truth: 'ann 0-10, bob 5-15',
    found: 'P1 5-15, P2 1-10',
    told: 'ann=P2 +1000 0 -1000, bob=P1 0 0 0',
  },
  {
    of: 'one person twice',
    truth: 'ann 0-10, ann 20-30',
    found: 'P1 0-10, P1 20-29',
    told: 'ann=P1 0 0 0, ann=P1 0 -1000 -1000',
  },
] as const;

describe('visits that were found', () => {
  test.each(cases)('$of', ({ truth, found, told }) => {
    const [seen, taken] = [spansOf(truth), spansOf(found)];
    const score = scoreVisits({
      truth: seen.map(({ name, ...span }): TrueVisit => ({ person: name, ...span })),
      found: taken.map(({ name, ...span }): FoundVisit => ({ personId: name, ...span })),
    });
    const matched = score.matched.map(
      ({ truth: { person }, found: { personId }, startErrorMs, endErrorMs, dwellErrorMs }) =>
        `${person}=${personId} ${[startErrorMs, endErrorMs, dwellErrorMs].map(signed).join(' ')}`,
    );
    const missed = score.missed.map(({ person }) => `missed ${person}`);
    const extra = score.extra.map(({ personId }) => `extra ${personId}`);
    expect([...matched, ...missed, ...extra].join(', ')).toBe(told);
    expect([score.trueCount, score.foundCount]).toEqual([seen.length, taken.length]);
  });

  test('err by the median of their errors, whichever way', () => {
    const truth = [0, 100, 200, 300].map((at) => ({ person: 'ann', openedAtMs: at, endedAtMs: at + 50 }));
    const errors = [
      { start: -9, end: 3 },
      { start: 1, end: -3 },
      { start: -2, end: 3 },
      { start: 1, end: 20 },
    ];
    const found = truth.map(({ openedAtMs, endedAtMs }, at) => ({
      personId: 'P',
      openedAtMs: openedAtMs + (errors[at]?.start ?? 0),
      endedAtMs: endedAtMs + (errors[at]?.end ?? 0),
    }));
    // Dwell errs by 12, -4, 5 and 19.
    expect(scoreVisits({ truth, found }).medianErrorMs).toEqual({ start: 2, end: 3, dwell: 12 });
    expect(scoreVisits({ truth, found: [] }).medianErrorMs).toBeNull();
  });
});

describe('clips that were watched', () => {
  test.each([...WATCHED])('%s: its times lie within it, in an order that can be', (name) => {
    const { duration_s: durationS, visits } = readWatchedClip(name);
    for (const visit of visits) {
      const { visible_from_s: from, half_visible_from_s: halfFrom = from } = visit;
      const { visible_until_s: until, half_visible_until_s: halfUntil = until } = visit;
      const times = [0, from, halfFrom, halfUntil, until, durationS];
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  test('one by one: six people, of whom no two are there at once, told by when they are seen at all or by half', () => {
    const clip = readWatchedClip('one-by-one');
    const all = trueVisits(clip, { startMs: 1_000_000, seen: 'at-all' });
    expect(new Set(all.map(({ person }) => person)).size).toBe(6);
    const ends = all.flatMap(({ openedAtMs, endedAtMs }) => [openedAtMs, endedAtMs]);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(all[0]).toMatchObject({ openedAtMs: 1_006_000, endedAtMs: 1_019_900 });
    const [half] = trueVisits(clip, { startMs: 1_000_000, seen: 'by-half' });
    expect(half).toMatchObject({ openedAtMs: 1_006_700, endedAtMs: 1_019_400 });
  });

  test('the others: how many people each shows', () => {
    const counts = (['store-aisle', 'classroom', 'car'] as const).map((name) => readWatchedClip(name).visits.length);
    expect(counts).toEqual([3, 4, 0]);
  });
});

function spansOf(
  text: string,
): readonly { readonly name: string; readonly openedAtMs: number; readonly endedAtMs: number }[] {
  return [...text.matchAll(/(\w+) ([\d.]+)-([\d.]+)/g)].map(([, name = '', from, until]) => ({
    name,
    openedAtMs: Number(from) * 1000,
    endedAtMs: Number(until) * 1000,
  }));
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}
