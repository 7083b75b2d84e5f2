import type { Outage } from '../ports/errors.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Statement, Store } from '../ports/store/store.ts';
import { type EventsWanted, sumEvents } from './event-sums.ts';
import type { EventRow } from './find-event.ts';

const sql = {
  newest: statement(import.meta.url, './sql/list-events.sql'),
  newestOfDevices: statement(import.meta.url, './sql/list-device-events.sql'),
  oldest: statement(import.meta.url, './sql/list-events-oldest.sql'),
  oldestOfDevices: statement(import.meta.url, './sql/list-device-events-oldest.sql'),
  reach: statement(import.meta.url, './sql/reach-of-page.sql'),
  read: statement(import.meta.url, './sql/read-events.sql'),
  count: statement(import.meta.url, './sql/count-matching-events.sql'),
  limitTime: statement(import.meta.url, './sql/limit-time.sql'),
};

/** What an event must tell; nothing of it is counted, so whatever there is in the time is read. */
export type Search = Readonly<Record<string, string | number>>;

export interface EventPlace {
  readonly occurredAt: string;
  readonly number: number;
}

export interface PageWanted extends EventsWanted {
  /** Null for all of them. */
  readonly search: Search | null;
  readonly sort: 'desc' | 'asc';
  /** Behind which the page begins. */
  readonly after: EventPlace | null;
  readonly limit: number;
  readonly offset: number;
}

/** A search may ask for more than can be read while somebody waits. */
const SEARCH_MAX_MS = 5_000;
const QUERY_CANCELED = '57014';

interface Place {
  readonly device_id: string;
  readonly at: string;
  readonly number: number;
}

/**
 * A page, and whether there is more; null for a search that takes too long. It is looked for within a day from where it begins,
 * then within a week, and so on: mostly that is all, and no chunk is looked at but the nearest.
 */
export async function listEvents(
  store: Store,
  wanted: PageWanted,
): Promise<{ readonly rows: readonly EventRow[]; readonly hasMore: boolean } | null> {
  const { search, limit, sort } = wanted;
  const places =
    search === null ? await placesOf(store, wanted) : await inTime(store, (within) => placesOf(within, wanted));
  return places && { rows: await readPage(store, places.slice(0, limit), sort), hasMore: places.length > limit };
}

/** Of the events of the page, and of one more if there is more. */
async function placesOf(within: Queryable, wanted: PageWanted): Promise<readonly Place[]> {
  const { devices, types, from, to, search, sort, after, limit, offset } = wanted;
  const [ofAll, ofDevices] = sort === 'desc' ? [sql.newest, sql.newestOfDevices] : [sql.oldest, sql.oldestOfDevices];
  const of = [types, from, to, after?.occurredAt, after?.number, search && JSON.stringify(search), limit + 1, offset];
  const [reach] = await within.run<{ edges: readonly string[] }>(sql.reach, [
    from,
    to,
    after?.occurredAt,
    sort === 'desc',
  ]);
  for (const edge of reach?.edges ?? []) {
    const places = await ask(edge);
    if (places.length > limit) return places;
  }
  return await ask(null);

  function ask(edge: string | null): Promise<readonly Place[]> {
    return devices === null
      ? within.run<Place>(ofAll, [...of, edge])
      : within.run<Place>(ofDevices, [...of, edge, devices]);
  }
}

async function readPage(
  store: Queryable,
  places: readonly Place[],
  sort: PageWanted['sort'],
): Promise<readonly EventRow[]> {
  const [first, last] = [places[0], places.at(-1)];
  if (!first || !last) return [];
  return await store.run<EventRow>(sql.read, [
    places.map(({ device_id }) => device_id),
    places.map(({ at }) => at),
    places.map(({ number }) => number),
    ...(sort === 'asc' ? [first.at, last.at] : [last.at, first.at]),
  ]);
}

/** How many there are on all pages; null for a search of which that takes too long to count. */
export async function countListed(
  store: Store,
  { search, ...wanted }: Pick<PageWanted, 'search' | keyof EventsWanted>,
): Promise<number | null> {
  if (search === null) return (await sumEvents(store, wanted)).total;
  const { devices, types, from, to } = wanted;
  const values = [types, from, to, JSON.stringify(search), devices];
  const counted = await inTime(store, (within) => within.run<{ total: number }>(sql.count, values));
  return counted && (counted[0]?.total ?? 0);
}

async function inTime<Answer>(store: Store, ask: (within: Queryable) => Promise<Answer>): Promise<Answer | null> {
  const limitTime: [Statement, readonly unknown[]] = [sql.limitTime, [SEARCH_MAX_MS]];
  try {
    return await store.transaction(async (within) => {
      await within.run(...limitTime);
      return await ask(within);
    });
  } catch (error) {
    if (isCancelled(error)) return null;
    throw error;
  }
}

function isCancelled(error: unknown): boolean {
  const { cause } = error as Partial<Outage>;
  return cause instanceof Error && 'code' in cause && cause.code === QUERY_CANCELED;
}
