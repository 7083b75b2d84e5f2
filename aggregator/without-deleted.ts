import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { ReadBatch } from './read-record.ts';

const findDeleted = statement(import.meta.url, './sql/find-deleted.sql');

/**
 * What is told of an event that somebody has deleted is not written, be it a replay or a visit that goes on. Asked for in the
 * transaction that writes, once that has the lock of withoutErased(): whoever deletes waits for it to end, and it for them.
 */
export async function withoutDeleted(transaction: Queryable, batch: ReadBatch): Promise<ReadBatch> {
  const events = batch.of('event');
  if (events.length === 0) return batch;
  const ids = events.map(({ value }) => value.event_id);
  const rows = await transaction.run<{ id: string }>(findDeleted, [ids]);
  if (rows.length === 0) return batch;
  const deleted = new Set(rows.map(({ id }) => id));
  const dropped = new Set<object>(events.filter(({ value }) => deleted.has(value.event_id)));
  return { ...batch, of: (name) => batch.of(name).filter((read) => !dropped.has(read)) };
}
