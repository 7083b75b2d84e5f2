import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { NewEvent } from './write-events.ts';

const sql = {
  addCounts: statement(import.meta.url, './sql/add-event-counts.sql'),
  addDays: statement(import.meta.url, './sql/add-event-days.sql'),
};

/**
 * How often what happened, by the hour and by the day. An event counts when its first version becomes a row, and never
 * again; the one says it for good, the other for as long as there is the row.
 */
export async function countEvents(transaction: Queryable, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const counted = [
    events.map(({ device_id }) => device_id),
    events.map(({ type }) => type),
    events.map(({ occurred_at }) => occurred_at),
  ];
  await transaction.run(sql.addCounts, counted);
  await transaction.run(sql.addDays, counted);
}
