import type { User } from '../http/access/users.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const sql = {
  ownDevices: statement(import.meta.url, './sql/own-devices.sql'),
  pieces: statement(import.meta.url, './sql/event-pieces.sql'),
  sum: statement(import.meta.url, './sql/sum-events.sql'),
  countBetween: statement(import.meta.url, './sql/count-events-between.sql'),
  firstAndLast: statement(import.meta.url, './sql/first-and-last-event.sql'),
};

/** Which events are meant; null for all. */
export interface EventsWanted {
  readonly devices: readonly string[] | null;
  readonly types: readonly string[] | null;
  readonly from: string | null;
  /** Part of it. */
  readonly to: string | null;
}

export interface EventSums {
  readonly total: number;
  readonly byType: ReadonlyMap<string, number>;
  readonly byDevice: ReadonlyMap<string, number>;
}

type Sums = Readonly<Record<string, number>>;
type Between = readonly [from: string, to: string];

interface CountedRow {
  readonly total: number;
  readonly by_type: Sums;
  readonly by_device: Sums;
  readonly first: Between | null;
  readonly last: Between | null;
}

interface EdgeRow {
  readonly device_id: string;
  readonly type: string;
  readonly events: number;
  readonly first_at: string;
  readonly last_at: string;
}

interface Ends {
  readonly first_at: string | null;
  readonly last_at: string | null;
}

/** The devices that are meant, as far as this user may know of them: null for all there are. */
export async function devicesMeant(
  store: Queryable,
  { fleetId, cameras }: { readonly fleetId: User['fleetId']; readonly cameras: readonly string[] | null },
): Promise<readonly string[] | null> {
  if (fleetId === null) return cameras;
  const [own] = await store.run<{ ids: readonly string[] }>(sql.ownDevices, [fleetId, cameras]);
  return own?.ids ?? [];
}

/**
 * How many there are, exactly: what lies in the time as a whole is counted already, by the month, the day and the hour; of
 * the hours at its ends the rows are counted now.
 */
export async function sumEvents(store: Queryable, wanted: EventsWanted): Promise<EventSums> {
  const { counted, rows } = await countPieces(store, wanted);
  return added(counted, rows);
}

/** And when the first and the last of them was. */
export async function describeEvents(store: Queryable, wanted: EventsWanted): Promise<EventSums & Ends> {
  const { of, counted, rows } = await countPieces(store, wanted);
  const between = [...(counted.first ?? [null, null]), ...(counted.last ?? [null, null])];
  const [inner] = await store.run<Ends>(sql.firstAndLast, [...of, ...between]);
  // All of one form, so that they compare as they are.
  const firsts = [inner?.first_at ?? [], rows.map(({ first_at }) => first_at)].flat().sort();
  const lasts = [inner?.last_at ?? [], rows.map(({ last_at }) => last_at)].flat().sort();
  return { ...added(counted, rows), first_at: firsts[0] ?? null, last_at: lasts.at(-1) ?? null };
}

async function countPieces(store: Queryable, { devices, types, from, to }: EventsWanted) {
  const of = [devices, types];
  const [cut] = await store.run<{ places: readonly string[] }>(sql.pieces, [from, to]);
  const places = cut?.places ?? [];
  const [head, headHours, , , , , tail, past] = places;
  const ends = [
    [head, headHours],
    [tail, past],
  ].filter(([begun, over]) => begun !== over);
  const [[counted = NOTHING], ...rows] = await Promise.all([
    store.run<CountedRow>(sql.sum, [...of, ...places.slice(1, -1)]),
    ...ends.map((between) => store.run<EdgeRow>(sql.countBetween, [...of, ...between])),
  ]);
  return { of, counted, rows: rows.flat() };
}

const NOTHING: CountedRow = { total: 0, by_type: {}, by_device: {}, first: null, last: null };

function added({ total, by_type, by_device }: CountedRow, rows: readonly EdgeRow[]): EventSums {
  const [byType, byDevice] = [new Map(Object.entries(by_type)), new Map(Object.entries(by_device))];
  let sum = total;
  for (const { device_id, type, events } of rows) {
    sum += events;
    byType.set(type, (byType.get(type) ?? 0) + events);
    byDevice.set(device_id, (byDevice.get(device_id) ?? 0) + events);
  }
  return { total: sum, byType, byDevice };
}
