import { expect, test } from 'vitest';
import type { StoredRecord } from '../log.ts';
import { createFeed, type Fetched } from './feed.ts';

const fetched = (from: number, to: number, first = from): Fetched => ({
  records: Array.from({ length: to - from }, (_, at) => ({
    key: 'device',
    value: null,
    offset: BigInt(from + at),
    appendedAtMs: 0,
  })),
  first: BigInt(first),
  next: BigInt(to),
});
const markers = (first: number, next: number): Fetched => ({ records: [], first: BigInt(first), next: BigInt(next) });
const offsets = (taken: readonly StoredRecord[]) => taken.map(({ offset }) => Number(offset));

function openFeed({ queueMax = 10, bytesMax = 1_000, gapless = true } = {}) {
  const told: string[] = [];
  const feed = createFeed(
    {
      seek: (offset) => told.push(`seek ${offset}`),
      pause: () => told.push('pause'),
      resume: () => told.push('resume'),
    },
    { queueMax, bytesMax, gapless },
  );
  feed.hold();
  return { feed, told };
}

test('a beginning fetches where it is told to, and taking goes on from there', () => {
  const { feed, told } = openFeed();
  expect(feed.standsAt(5n)).toBe(false);
  feed.begin(5n);
  expect(told).toEqual(['pause', 'seek 5', 'resume']);
  expect(feed.take(3)).toEqual([]);
  feed.push(fetched(5, 9));
  expect(offsets(feed.take(3))).toEqual([5, 6, 7]);
  expect(feed.standsAt(8n)).toBe(true);
  expect(offsets(feed.take(3))).toEqual([8]);
  expect(told).toHaveLength(3);
});

test('what is fetched while it is on hold is not kept', () => {
  const { feed } = openFeed();
  feed.push(fetched(0, 3));
  feed.begin(0n);
  expect(feed.take(3)).toEqual([]);
  feed.push(fetched(0, 3));
  feed.hold();
  feed.begin(0n);
  expect(feed.take(3)).toEqual([]);
});

test('records that come again are taken once', () => {
  const { feed } = openFeed();
  feed.begin(0n);
  feed.push(fetched(0, 4));
  feed.push(fetched(2, 6));
  feed.push(fetched(1, 3));
  expect(offsets(feed.take(9))).toEqual([0, 1, 2, 3, 4, 5]);
});

test('full, it pauses the fetching until there is room', () => {
  const { feed, told } = openFeed({ queueMax: 4 });
  feed.begin(0n);
  told.length = 0;
  feed.push(fetched(0, 5));
  expect(told).toEqual(['pause']);
  feed.take(1);
  expect(told).toEqual(['pause']);
  feed.take(2);
  expect(told).toEqual(['pause', 'resume']);
});

test('markers, and records that were given up, count as taken once what is before them is', () => {
  const { feed } = openFeed();
  feed.begin(0n);
  feed.push(fetched(2, 4, 0));
  feed.push(markers(4, 5));
  expect(feed.takenUpTo()).toBeNull();
  expect(offsets(feed.take(9))).toEqual([2, 3]);
  expect(feed.takenUpTo()).toBe(5n);
  expect(feed.standsAt(4n)).toBe(true);
});

test.each([
  ['records', fetched(7, 9)],
  ['markers', markers(7, 9)],
])('%s that do not follow on are not taken, nor is what comes after them, until a new beginning', (_, stray) => {
  const { feed } = openFeed();
  feed.begin(0n);
  feed.push(fetched(0, 2));
  feed.push(stray);
  feed.push(fetched(9, 11));
  expect(offsets(feed.take(9))).toEqual([0, 1]);
  expect(feed.takenUpTo()).toBe(2n);
  expect(feed.standsAt(2n)).toBe(false);
  feed.begin(2n);
  feed.push(fetched(2, 4));
  expect(offsets(feed.take(9))).toEqual([2, 3]);
  expect(feed.standsAt(4n)).toBe(true);
});

test('a gap that is still there after a new beginning is the log’s own', () => {
  const { feed } = openFeed();
  feed.begin(2n);
  feed.push(fetched(7, 9));
  expect(feed.standsAt(2n)).toBe(false);
  feed.begin(2n);
  feed.push(fetched(7, 9));
  expect(offsets(feed.take(9))).toEqual([7, 8]);
});

test('in a compacted topic gaps are as usual', () => {
  const { feed } = openFeed({ gapless: false });
  feed.begin(0n);
  feed.push(fetched(3, 4));
  feed.push(fetched(8, 9));
  expect(offsets(feed.take(9))).toEqual([3, 8]);
});

test('large records are taken a few at a time, and pause the fetching sooner; one is always taken', () => {
  const { feed, told } = openFeed({ bytesMax: 25 });
  feed.begin(0n);
  const large = fetched(0, 4);
  feed.push({ ...large, records: large.records.map((record) => ({ ...record, value: Buffer.alloc(10) })) });
  expect(told.at(-1)).toBe('pause');
  expect(offsets(feed.take(9))).toEqual([0]);
  expect(told.at(-1)).toBe('pause');
  expect(offsets(feed.take(9))).toEqual([1]);
  expect(told.at(-1)).toBe('pause');
  feed.push(fetched(4, 5));
  expect(offsets(feed.take(9))).toEqual([2]);
  expect(told.at(-1)).toBe('resume');
  expect(offsets(feed.take(1))).toEqual([3]);
});
