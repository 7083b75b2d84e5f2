import type { LagWatch } from '../ports/log/watch-lag.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const sql = {
  waiting: statement(import.meta.url, './sql/waiting-captures.sql'),
  oldest: statement(import.meta.url, './sql/oldest-waiting-capture.sql'),
};

interface Waiting {
  readonly queued: number;
  readonly running: number;
  readonly failed: number;
  readonly dead: number;
}

interface WaitingCapture {
  readonly frame_id: string;
  readonly device_id: string;
  readonly state: string;
  readonly lane: string;
  readonly captured_at: Date;
  readonly received_at: Date | null;
}

interface Dependencies {
  readonly store: Queryable;
  readonly lag: Pick<LagWatch, 'readers'>;
}

/** What waits: records of the log for their readers, and captures for their analysis. */
export async function readQueue({ store, lag }: Dependencies, fleetId: string | null, nowMs: number) {
  const [[captures = NOTHING], [oldest = null]] = await Promise.all([
    store.run<Waiting>(sql.waiting, [fleetId]),
    store.run<WaitingCapture>(sql.oldest, [fleetId]),
  ]);
  return {
    readers: lag.readers.map(({ group, topic, records, ageMs }) => ({ group, topic, records, seconds: ageMs / 1_000 })),
    captures,
    oldest: oldest && { ...oldest, age_s: Math.max(0, Math.floor((nowMs - oldest.captured_at.getTime()) / 1_000)) },
  };
}

const NOTHING: Waiting = { queued: 0, running: 0, failed: 0, dead: 0 };
