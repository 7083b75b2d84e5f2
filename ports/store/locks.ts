import { statement } from './statement.ts';
import type { Queryable } from './store.ts';

/**
 * What is to be done by one at a time, and is nobody's row. Each is an empty table of the schema `locks`, which none but
 * its owner may lock; an advisory lock may be taken, and kept, by whoever may sign in at the database. It goes with the
 * transaction, and so with whoever has it; since nothing is written or read for it, none holds back a vacuum.
 */
export type Lock =
  /** One backup of an installation at a time. */
  | 'backup'
  | 'check'
  | 'device_watch'
  /** Positions of the feed are committed in their order. */
  | 'event_feed'
  /** To count devices before one more is made. */
  | 'pairing'
  /** Whoever has it lets go what is over; while a backup has it, nothing goes. */
  | 'retention'
  /** To be sure that one is left. */
  | 'administrators';

const sql = {
  take: statement(import.meta.url, './sql/take-lock.sql'),
  try: statement(import.meta.url, './sql/try-lock.sql'),
};

/** Waits for it. */
export async function takeLock(transaction: Queryable, lock: Lock): Promise<void> {
  await transaction.run(sql.take, [lock]);
}

/** False if somebody else has it. Again by the same transaction, it says whether that is still there. */
export async function tryLock(transaction: Queryable, lock: Lock): Promise<boolean> {
  const [{ taken = false } = {}] = await transaction.run<{ taken: boolean }>(sql.try, [lock]);
  return taken;
}
