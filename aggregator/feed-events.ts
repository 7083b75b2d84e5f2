import { takeLock } from '../ports/store/locks.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { WrittenEvent } from './write-events.ts';

const feed = statement(import.meta.url, './sql/feed-events.sql');

/** For so long somebody who was away goes on where they were; after that they list. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Adds what was written to the feed, for whoever listens. The lock is kept until the commit, so that positions are committed
 * in their order: others who write events wait for as long as that takes, and so it is to be the last that a transaction
 * does.
 */
export async function feedEvents(
  transaction: Queryable,
  written: readonly WrittenEvent[],
  nowMs: number,
): Promise<void> {
  if (written.length === 0) return;
  await takeLock(transaction, 'event_feed');
  await transaction.run(feed, [
    written.map(({ number }) => number),
    written.map(({ device_id }) => device_id),
    written.map(({ occurred_at }) => occurred_at),
    written.map(({ version }) => version),
    new Date(nowMs),
    new Date(nowMs - KEPT_MS),
  ]);
}
