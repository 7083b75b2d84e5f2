import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { WrittenEvent } from './write-events.ts';

const sql = {
  addCounts: statement(import.meta.url, './sql/add-event-counts.sql'),
  addDays: statement(import.meta.url, './sql/add-event-days.sql'),
  addNumbers: statement(import.meta.url, './sql/add-event-numbers.sql'),
  addMonths: statement(import.meta.url, './sql/add-event-months.sql'),
};

/**
 * How often what happened, by the hour, the day and the month. By the hour an event counts once for good, also where a version
 * of it comes after its row has gone; by the day and the month for as long as there is the row.
 */
export async function countEvents(transaction: Queryable, events: readonly WrittenEvent[]): Promise<void> {
  if (events.length === 0) return;
  const counted = [
    events.map(({ device_id }) => device_id),
    events.map(({ type }) => type),
    events.map(({ occurred_at }) => occurred_at),
  ];
  await transaction.run(sql.addCounts, [...counted, events.map(({ is_begun }) => is_begun)]);
  await transaction.run(sql.addDays, counted);
  await transaction.run(sql.addMonths, counted);
}

/**
 * In which weeks events are to be found by their numbers. Numbers of a thousand are of all devices, and whoever is the first to
 * note one is waited for by all others: so it is noted last.
 */
export async function noteNumbers(transaction: Queryable, events: readonly WrittenEvent[]): Promise<void> {
  if (events.length === 0) return;
  await transaction.run(sql.addNumbers, [
    events.map(({ number }) => number),
    events.map(({ occurred_at }) => occurred_at),
  ]);
}
