import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { NewEvent } from './write-events.ts';

const addEventCounts = statement(import.meta.url, './sql/add-event-counts.sql');

/** How often what happened, by the hour. An event counts when its first version becomes a row, and never again. */
export async function countEvents(transaction: Queryable, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await transaction.run(addEventCounts, [
    events.map(({ device_id }) => device_id),
    events.map(({ type }) => type),
    events.map(({ occurred_at }) => occurred_at),
  ]);
}
