import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import type { EventRow } from '../find-event.ts';
import { eventAnswer } from '../routes/event-answer.ts';
import { NOWHERE, type Position } from './position.ts';

const sql = {
  newest: statement(import.meta.url, '../sql/newest-fed.sql'),
  list: statement(import.meta.url, '../sql/list-feed.sql'),
  events: statement(import.meta.url, '../sql/list-fed-events.sql'),
};

/** An event in one of its versions, where it stands in the feed. */
export interface FedEvent {
  readonly at: Position;
  readonly type: string;
  readonly deviceId: string;
  /** Whose the device was when this was read. */
  readonly ownerId: string | null;
  /** As `GET /api/events` answers it. */
  readonly json: string;
}

export interface FeedPage {
  readonly events: readonly FedEvent[];
  /** The last row that was read, of whatever is told of it. */
  readonly last: Position;
  /** Whether there was nothing beyond it. */
  readonly isAll: boolean;
}

interface FeedRow extends Position {
  readonly device_id: string | null;
  readonly occurred_at: Date | null;
  /** With what a Date does not keep. */
  readonly exactly: string | null;
  readonly number: number | null;
  readonly version: number | null;
}

type FedRow = Position & EventRow & { readonly owner_id: string | null };

export async function readNewest(store: Queryable): Promise<Position> {
  const [newest] = await store.run<Position>(sql.newest);
  return newest ?? NOWHERE;
}

/**
 * What follows in the feed. Null where what one has come to is not there any more: it was too long ago, was erased, or the
 * database is not the one it was, and nobody knows what came after it.
 *
 * It is read in two, so that an event may be newer than its row in the feed by then; that version is further on in the feed.
 */
export async function readFeed(
  store: Queryable,
  { after, rowsMax }: { readonly after: Position; readonly rowsMax: number },
): Promise<FeedPage | null> {
  const [first, ...rows] = await store.run<FeedRow>(sql.list, [after.position, rowsMax + 1]);
  if (first?.position !== after.position || first.mark !== after.mark) {
    return !first && after === NOWHERE ? { events: [], last: NOWHERE, isAll: true } : null;
  }
  const told = rows.filter(({ device_id }) => device_id !== null);
  const [last = after] = rows.slice(-1);
  return {
    events: told.length === 0 ? [] : await readEvents(store, told),
    last: { position: last.position, mark: last.mark },
    isAll: rows.length < rowsMax,
  };
}

async function readEvents(store: Queryable, rows: readonly FeedRow[]): Promise<readonly FedEvent[]> {
  const timesMs = rows.map(({ occurred_at }) => occurred_at?.getTime() ?? 0);
  const found = await store.run<FedRow>(sql.events, [
    rows.map(({ position }) => position),
    rows.map(({ mark }) => mark),
    rows.map(({ device_id }) => device_id),
    rows.map(({ exactly }) => exactly),
    rows.map(({ number }) => number),
    rows.map(({ version }) => version),
    new Date(Math.min(...timesMs)),
    new Date(Math.max(...timesMs) + 1),
  ]);
  return found.map(({ position, mark, owner_id, ...row }) => ({
    at: { position, mark },
    type: row.type,
    deviceId: row.device_id,
    ownerId: owner_id,
    json: JSON.stringify(eventAnswer(row)),
  }));
}
