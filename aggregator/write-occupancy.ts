import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { Event } from '../schemas/types.ts';
import type { Read } from './read-record.ts';

const keepOccupancy = statement(import.meta.url, './sql/keep-occupancy.sql');

/** A visit is a stay before the camera, and what began with entering a zone is a stay there. */
const STAYS: readonly Event['type'][] = ['visit', 'zone_entered'];

/**
 * One more from the beginning of each stay, one less from its end: called once its events are rows, with each of them
 * once. Their rows say the rest.
 */
export async function writeOccupancy(transaction: Queryable, reads: readonly Read<Event>[]): Promise<void> {
  const rows = reads.map(({ value }) => value).filter(({ type }) => STAYS.includes(type));
  if (rows.length === 0) return;
  await transaction.run(keepOccupancy, [
    rows.map(({ event_id }) => event_id),
    rows.map(({ occurred_at }) => new Date(occurred_at)),
    new Date(Math.min(...rows.map(({ occurred_at }) => occurred_at))),
    new Date(Math.max(...rows.map(({ occurred_at }) => occurred_at))),
  ]);
}
