import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConsoleUnderTest, idOf, startConsole } from './server-under-test.ts';

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole();
  const kinds = [
    { type: 'visit', data: { person_id: 'P1', dwell_ms: 90_000, confidence: 0.9 } },
    { type: 'detection', data: { class_name: 'person', confidence: 0.75, box: { x: 0 } } },
    { type: 'zone_left', data: { person_id: 'P1', zone_id: 'till', zone_name: 'The till', stay_ms: 30_000 } },
    { type: 'detection', data: { class_name: 'dog', confidence: 0.25 } },
    // What nobody should tell, and somebody may.
    { type: 'visit', data: { confidence: 'sure', dwell_ms: null, note: 'A "quoted" person', zone_id: { a: 1 } } },
  ];
  // Two at a time, which their numbers tell apart.
  for (let number = 0; number < 30; number++) {
    const at = new Date(Date.UTC(2026, 2, 1) + Math.floor(number / 2) * 90_000_000).toISOString();
    const { type = '', data = {} } = kinds[number % kinds.length] ?? {};
    const device = ['door', 'hall', 'yard'][number % 3] ?? '';
    await console.addEvent([idOf(number), at, type, device, { ...data, number }]);
  }
});
afterAll(() => console.stop());

interface Page {
  readonly numbers: readonly number[];
  readonly total: number | null;
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

async function ask(query: string): Promise<Page> {
  const { status, body } = await console.get(`/api/events?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  const numbers = body.events.map(({ event_data }) => (event_data as { number: number }).number);
  return { ...(body as unknown as Page), numbers };
}

const all = Array.from({ length: 30 }, (_, number) => number);
const newest = [...all].reverse();

describe('cursors', () => {
  test.each([
    ['', newest],
    ['sort=desc', newest],
    ['sort=asc', all],
    ['camera_id=door,hall', newest.filter((number) => number % 3 < 2)],
    ['camera_id=yard&sort=asc', all.filter((number) => number % 3 === 2)],
    ['event_type=visit', newest.filter((number) => number % 5 === 0 || number % 5 === 4)],
    ['start_time=2026-03-05&end_time=2026-03-12&sort=asc', all.slice(8, 22)],
    ['class_name=person', newest.filter((number) => number % 5 === 1)],
  ])('lead through all of it, each once: %s', async (query, wanted) => {
    for (const size of [1, 4, 7]) {
      const found: number[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Page = await ask(`${query}&page_size=${size}${cursor && `&cursor=${cursor}`}`);
        found.push(...page.numbers);
        expect([page.total, page.has_more]).toEqual([wanted.length, page.next_cursor !== null]);
        cursor = page.next_cursor;
      }
      expect(found).toEqual(wanted);
    }
  });

  test('go on where they were, whatever comes meanwhile', async () => {
    const first = await ask('page_size=10');
    await console.addEvent([idOf(100), '2026-04-01T00:00:00Z', 'motion', 'door', { number: 100 }]);
    const second = await ask(`page_size=10&cursor=${first.next_cursor}`);
    expect([...first.numbers, ...second.numbers]).toEqual(newest.slice(0, 20));
    expect((await ask('page_size=10&page=2')).numbers[0]).toBe(first.numbers.at(-1));
  });

  test.each([
    ['cursor=x', 'cursor'],
    ['cursor=', 'cursor'],
    [`cursor=${Buffer.from('desc 2026-13-01T00:00:00.000000 1').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from("desc 2026-03-01T00:00:00.000000 1' or").toString('base64url')}`, 'cursor'],
    ['page=2&cursor=MINE', 'page'],
    ['sort=asc&cursor=MINE', 'cursor'],
    ['sort=newest', 'sort'],
  ])('%s is no place', async (query, name) => {
    const { next_cursor } = await ask('page_size=3');
    const { status, body } = await console.get(`/api/events?${query.replace('MINE', String(next_cursor))}`);
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, `#/${name}`]);
  });
});

const ofKinds = (...kinds: readonly number[]) => newest.filter((number) => kinds.includes(number % 5));

test.each([
  ['class_name=person', ofKinds(1)],
  ['class_name=Person', []],
  ['min_confidence=0.75', ofKinds(0, 1)],
  ['max_confidence=0.75', ofKinds(1, 3)],
  ['min_confidence=0.3&max_confidence=0.8', ofKinds(1)],
  ['zone=till', ofKinds(2)],
  ['zone=The%20till', ofKinds(2)],
  ['person_id=P1', ofKinds(0, 2)],
  ['min_dwell_s=30', ofKinds(0, 2)],
  ['min_dwell_s=30.001', ofKinds(0)],
  ['max_dwell_s=30', ofKinds(2)],
  ['model=none', []],
  ['q=TILL', ofKinds(2)],
  ['q=%22quoted%22', ofKinds(4)],
  // Of a name of a member it is not said.
  ['q=person_id', []],
  ['q=person', ofKinds(1, 4)],
  ['person_id=P1&event_type=visit&camera_id=door', ofKinds(0).filter((number) => number % 3 === 0)],
  ['zone=till&end_time=2026-03-05&sort=asc', [2, 7]],
])('searched for: %s', async (query, wanted) => {
  const before = query.includes('end_time') ? '' : '&end_time=2026-03-31';
  const { numbers, total } = await ask(`page_size=500&${query}${before}`);
  expect([numbers, total]).toEqual([wanted, wanted.length]);
});

test.each(['min_confidence=x', 'max_dwell_s=-1', `q=${'x'.repeat(201)}`, 'person_id=%00'])(
  '%s is nothing to search for',
  async (query) => {
    const { status, body } = await console.get(`/api/events?${query}`);
    expect([status, body.errors[0]?.pointer]).toEqual([422, `#/${query.split('=')[0]}`]);
  },
);

test('a search that takes too long says so', async () => {
  const slow = `create or replace function event_matches(in_data jsonb, in_model text, in_search jsonb) returns boolean
    language plpgsql as $$ begin perform pg_sleep(60); return true; end $$`;
  await console.services.store.run({ name: 'test-slow', text: slow });
  const { status, body } = await console.get('/api/events?q=x');
  expect([status, body.code]).toEqual([422, 'search-too-long']);
}, 20_000);
