import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Name } from '../../http/access/people-under-test.ts';
import { statement } from '../../ports/store/statement.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';
import { idOf, NOW_MS } from './server-under-test.ts';

const noteAttempts = statement(import.meta.url, '../sql/test-note-attempts.sql');

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** Number, device, how many minutes ago, state. */
const JOBS: readonly (readonly [number, string, number, string])[] = [
  [1, 'a-1', 3 * DAY_MINUTES, 'queued'],
  [2, 'a-1', 2 * DAY_MINUTES, 'done'],
  [3, 'a-1', 50, 'done'],
  [4, 'a-1', 40, 'dead'],
  [5, 'a-1', 30, 'failed'],
  [6, 'a-2', 25, 'running'],
  [7, 'a-2', 20, 'done'],
  [8, 'b-1', 5 * DAY_MINUTES, 'failed'],
  [9, 'b-1', 10, 'done'],
  [10, 'b-1', 5, 'queued'],
];

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
  await rig.enrol('ann', 'a-1');
  await rig.enrol('ann', 'a-2');
  await rig.enrol('bob', 'b-1');
  for (const [number, device, minutes, state] of JOBS) {
    const at = new Date(NOW_MS - minutes * MINUTE_MS).toISOString();
    await rig.console.addCapture([idOf(number), at, device, number, state, null]);
  }
});
afterAll(() => rig.stop());

interface Jobs {
  readonly jobs: readonly { readonly seq: number }[];
  readonly counts: object;
  readonly oldest_waiting_s: number | null;
  readonly total: number;
  readonly has_more: boolean;
}

async function ask(who: Name, query = ''): Promise<Jobs> {
  const { status, body } = await rig.ask(who, `GET /api/v1/jobs?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as Jobs;
}

const ago = (minutes: number) => new Date(NOW_MS - minutes * MINUTE_MS).toISOString();

test.each<[Name, string, readonly number[]]>([
  // Of what is done a day, of what is not all.
  ['admin', '', [10, 9, 7, 6, 5, 4, 3, 1, 8]],
  ['ann', '', [7, 6, 5, 4, 3, 1]],
  ['ann-viewer', '', [7, 6, 5, 4, 3, 1]],
  ['bob', '', [10, 9, 8]],
  ['admin', 'state=queued', [10, 1]],
  ['admin', 'state=running', [6]],
  ['admin', 'state=failed', [5, 8]],
  ['admin', 'state=dead', [4]],
  ['admin', 'state=done', [9, 7, 3]],
  ['ann', 'device_id=a-2', [7, 6]],
  ['ann', 'device_id=b-1', []],
  ['admin', 'device_id=b-1&state=failed', [8]],
  ['admin', `from=${ago(30)}`, [10, 9, 7, 6, 5]],
  ['admin', `from=${ago(30)}&to=${ago(20)}`, [6, 5]],
  ['admin', `to=${ago(2 * DAY_MINUTES - 1)}`, [2, 1, 8]],
  ['admin', `from=${ago(2 * DAY_MINUTES)}&state=done`, [9, 7, 3, 2]],
])('%s asks ?%s', async (who, query, seqs) => {
  const { jobs, total, has_more } = await ask(who, query);
  expect(jobs.map(({ seq }) => seq)).toEqual(seqs);
  expect({ total, has_more }).toEqual({ total: seqs.length, has_more: false });
});

test('pages follow on each other, to the last and past it', async () => {
  const pages = await Promise.all([1, 2, 3, 4].map((page) => ask('admin', `page_size=4&page=${page}`)));
  expect(pages.map(({ jobs }) => jobs.map(({ seq }) => seq))).toEqual([[10, 9, 7, 6], [5, 4, 3, 1], [8], []]);
  expect(pages.map(({ total, has_more }) => [total, has_more])).toEqual([
    [9, true],
    [9, true],
    [9, false],
    [9, false],
  ]);
});

test.each<[Name, string, object, number | null]>([
  ['admin', '', { queued: 2, running: 1, failed: 2, dead: 1, done: 3 }, 5 * DAY_MINUTES],
  ['ann', '', { queued: 1, running: 1, failed: 1, dead: 1, done: 2 }, 3 * DAY_MINUTES],
  ['bob', 'state=done', { queued: 1, running: 0, failed: 1, dead: 0, done: 1 }, 5 * DAY_MINUTES],
  ['ann', 'device_id=a-2', { queued: 0, running: 1, failed: 0, dead: 0, done: 1 }, 25],
  ['ann', 'device_id=b-1', { queued: 0, running: 0, failed: 0, dead: 0, done: 0 }, null],
  // Whatever the span, all that waits is counted.
  ['ann', `from=${ago(24)}`, { queued: 1, running: 1, failed: 1, dead: 1, done: 1 }, 3 * DAY_MINUTES],
  ['ann', `from=${ago(3 * DAY_MINUTES)}`, { queued: 1, running: 1, failed: 1, dead: 1, done: 3 }, 3 * DAY_MINUTES],
])('%s is told how many there are, and how long the oldest waits: ?%s', async (who, query, counts, oldestMinutes) => {
  const told = await ask(who, query);
  expect(told.counts).toEqual(counts);
  expect(told.oldest_waiting_s).toBe(oldestMinutes === null ? null : oldestMinutes * 60);
});

test('a job says which frame, how often it was tried, and why in vain', async () => {
  await rig.console.services.store.run(noteAttempts, [5, 2, 'picture-unavailable: away']);
  const { jobs } = await ask('ann', 'state=failed');
  expect(jobs).toEqual([
    {
      frame_id: idOf(5),
      device_id: 'a-1',
      epoch: 0,
      seq: 5,
      lane: 'live',
      state: 'failed',
      attempts: 2,
      error: 'picture-unavailable: away',
      captured_at: ago(30),
      received_at: ago(30),
    },
  ]);
});

test.each([
  'state=sleeping',
  'from=yesterday',
  'from=2026-02-31',
  'device_id=%00',
  'page=0',
  `from=${ago(1)}&to=${ago(2)}`,
])('%s is no question', async (query) => {
  const { status, body } = await rig.ask('admin', `GET /api/v1/jobs?${query}`);
  expect([status, body.code]).toEqual([422, 'invalid-request']);
});
