import type { User } from '../http/access/users.ts';
import { Problem } from '../http/problem.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const sql = {
  weeks: statement(import.meta.url, './sql/weeks-of-number.sql'),
  find: statement(import.meta.url, './sql/find-event.sql'),
};

/** An event as it is stored; times are text, which keeps what the columns keep, in UTC. */
export interface EventRow {
  readonly number: number;
  readonly id: string;
  readonly type: string;
  readonly device_id: string;
  readonly occurred_at: string;
  readonly ended_at: string | null;
  readonly created_at: string;
  readonly frame_id: string | null;
  readonly frame_seq: number | null;
  readonly snapshot_path: string | null;
  readonly data: unknown;
  readonly version: number;
  readonly lane: 'live' | 'backlog';
  readonly time_quality: string | null;
  readonly model: string | null;
  readonly config_version: number;
  readonly trace_id: string | null;
}

/**
 * The event of that number, if there is one that this user may know of; else a problem. In two questions, since only a time
 * that is known before the second is planned has no chunk looked at but its own.
 */
export async function findEvent(
  store: Queryable,
  { number, fleetId }: { readonly number: number; readonly fleetId: User['fleetId'] },
): Promise<EventRow> {
  const [weeks] = await store.run<{ begun: Date | null; over: Date | null }>(sql.weeks, [number]);
  const [event] = weeks?.begun ? await store.run<EventRow>(sql.find, [number, fleetId, weeks.begun, weeks.over]) : [];
  if (!event) throw noSuchEvent();
  return event;
}

export function noSuchEvent(): Problem {
  return new Problem({ status: 404, code: 'no-such-event', title: 'No such event' });
}
