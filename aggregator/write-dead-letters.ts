import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { DeadLetter, Observation } from '../schemas/types.ts';
import { newestById } from './newest-by-id.ts';

const sql = {
  insert: statement(import.meta.url, './sql/insert-dead-letters.sql'),
  settle: statement(import.meta.url, './sql/settle-dead-letters.sql'),
};

export async function writeDeadLetters(
  transaction: Queryable,
  letters: readonly DeadLetter[],
  nowMs: number,
): Promise<void> {
  const newest = newestById(letters, ({ dead_letter_id }) => dead_letter_id);
  if (newest.length === 0) return;
  await transaction.run(sql.insert, [
    newest.map(({ dead_letter_id }) => dead_letter_id),
    newest.map(({ device_id }) => device_id),
    newest.map(({ topic }) => topic),
    newest.map(({ partition }) => partition),
    newest.map(({ offset }) => offset),
    newest.map(({ original_key }) => original_key),
    newest.map(({ original_value }) => original_value),
    newest.map(({ code }) => code),
    newest.map(({ message }) => message),
    newest.map(({ attempts }) => attempts),
    newest.map(({ frame_id }) => frame_id),
    newest.map(({ captured_at }) => (captured_at === null ? null : new Date(captured_at))),
    newest.map(({ recorded_at }) => new Date(recorded_at)),
    new Date(nowMs),
  ]);
}

/** What was redriven has come to something; but not while its device was paused, when nobody looked. */
export async function settleDeadLetters(
  transaction: Queryable,
  observations: readonly Pick<Observation, 'frame_id' | 'reason'>[],
  nowMs: number,
): Promise<void> {
  const looked = observations.filter(({ reason }) => reason !== 'paused').map(({ frame_id }) => frame_id);
  if (looked.length === 0) return;
  await transaction.run(sql.settle, [looked, new Date(nowMs)]);
}
