import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statement } from '../../ports/store/statement.ts';
import { type ConsoleUnderTest, idOf, NOW_MS, startConsole } from './server-under-test.ts';

const insertVisit = statement(import.meta.url, '../sql/test-insert-visit.sql');
const MINUTE_MS = 60_000;
const [OWNER, OTHER] = [idOf(901), idOf(902)];

let console: ConsoleUnderTest;
beforeAll(async () => {
  console = await startConsole(() => ({
    // Whoever asks says whose devices they see.
    requireUser: async (request) => {
      const fleetId = request.headers['x-fleet']?.toString() ?? null;
      request.user = { id: idOf(9), username: 'somebody', role: 'viewer', fleetId };
    },
    requireUserNow: async () => undefined,
    register: () => undefined,
  }));
  const { store } = console.services;
  for (const id of [OWNER, OTHER]) {
    const text = "insert into users (id, username, password_hash, role) values ($1, $2, '', 'operator')";
    await store.run({ name: 'user', text }, [id, id]);
  }
  for (const [device, owner] of [
    ['front', OWNER],
    ['back', OWNER],
    ['side', OTHER],
  ]) {
    const text = 'insert into devices (id, created_at, owner_id) values ($1, now(), $2)';
    await store.run({ name: 'device', text }, [device, owner]);
  }
  // Twelve, a minute after each other but for the last two, which begin at once: before three cameras, of four people.
  for (let number = 0; number < 12; number += 1) {
    const openedAt = new Date(NOW_MS + Math.min(number, 10) * MINUTE_MS);
    const endedAt = number === 11 ? null : new Date(openedAt.getTime() + 1_000);
    const values = [idOf(number), openedAt, ['front', 'back', 'side'][number % 3], `P${number % 4}`, endedAt];
    await store.run(insertVisit, values);
  }
});
afterAll(() => console.stop());

interface Page {
  readonly visits: readonly { readonly visit_id: string }[];
  readonly next_cursor: string | null;
}

async function ask(query: string, fleet?: string) {
  const { status, body } = await console.get(`/api/v1/visits?${query}`, fleet ? { 'x-fleet': fleet } : {});
  return { status, body: body as unknown as Page };
}

const numbersOf = ({ visits }: Page) => visits.map(({ visit_id }) => Number(visit_id.slice(-12)));
const newestFirst = (...numbers: readonly number[]) => [...numbers].sort((a, b) => b - a);
const all = Array.from({ length: 12 }, (_, number) => number);
const before = (...cameras: readonly number[]) => newestFirst(...all.filter((number) => cameras.includes(number % 3)));
const minute = (number: number) => encodeURIComponent(new Date(NOW_MS + number * MINUTE_MS).toISOString());

describe('visits', () => {
  test('each with all that is known of it', async () => {
    const { body } = await ask('page_size=1');
    expect(body.visits).toEqual([
      {
        visit_id: idOf(11),
        device_id: 'side',
        person_id: 'P3',
        opened_at: new Date(NOW_MS + 10 * MINUTE_MS).toISOString(),
        ended_at: null,
        last_seen_at: null,
        dwell_ms: 1_000,
        dwell_min_ms: null,
        dwell_max_ms: null,
        sightings: null,
        confidence: null,
        lane: 'live',
        source: 'camera',
        time_quality: null,
        model: null,
        config_version: 0,
        version: 1,
      },
    ]);
  });

  test.each([
    ['everybody’s, newest first', '', undefined, newestFirst(...all)],
    ['before one camera', 'device_id=back', undefined, before(1)],
    ['before one that there is none of', 'device_id=nobody', undefined, []],
    ['of one person', 'person_id=P1', undefined, [9, 5, 1]],
    ['of one person before one camera', 'person_id=P1&device_id=side', undefined, [5]],
    ['from a time on', `from=${minute(8)}`, undefined, [11, 10, 9, 8]],
    ['between times, with both', `from=${minute(2)}&to=${minute(4)}`, undefined, [4, 3, 2]],
    ['before one camera between times', `device_id=front&from=${minute(2)}&to=${minute(7)}`, undefined, [6, 3]],
    ['of one person between times', `person_id=P1&to=${minute(5)}`, undefined, [5, 1]],
    ["an owner's", '', OWNER, before(0, 1)],
    ["another owner's", '', OTHER, before(2)],
    ["an owner's, before one camera", 'device_id=back', OWNER, before(1)],
    ['before a camera of somebody else', 'device_id=side', OWNER, []],
    ["an owner's, of one person", 'person_id=P1', OWNER, [9, 1]],
  ])('%s', async (_, query, fleet, numbers) => {
    const { status, body } = await ask(query, fleet);
    expect(status).toBe(200);
    expect(numbersOf(body)).toEqual(numbers);
    expect(body.next_cursor).toBeNull();
  });

  test.each([
    ['', undefined],
    ['device_id=side&', undefined],
    ['', OWNER],
    ['person_id=P3&', undefined],
  ])('pages follow on each other and show each visit once: %s', async (query, fleet) => {
    const { body: whole } = await ask(query, fleet);
    for (const size of [1, 2, 5]) {
      const pages: Page[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { status, body } = await ask(`${query}page_size=${size}${cursor ? `&cursor=${cursor}` : ''}`, fleet);
        expect(status).toBe(200);
        pages.push(body);
        cursor = body.next_cursor;
      }
      expect(pages.flatMap(numbersOf)).toEqual(numbersOf(whole));
      expect(pages.every(({ visits }, at) => visits.length === size || at === pages.length - 1)).toBe(true);
    }
  });

  test.each([
    'cursor=1',
    `cursor=2026-02-31T00:00:00.000000Z_${idOf(1)}`,
    'page_size=501',
    'from=yesterday',
    'from=2026-02-31',
  ])('what is no question is refused: %s', async (query) => {
    expect((await ask(query)).status).toBe(422);
  });
});
