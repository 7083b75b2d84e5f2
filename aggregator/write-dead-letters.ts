import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { DeadLetter } from '../schemas/types.ts';

const insertDeadLetters = statement(import.meta.url, './sql/insert-dead-letters.sql');

export async function writeDeadLetters(
  transaction: Queryable,
  letters: readonly DeadLetter[],
  nowMs: number,
): Promise<void> {
  if (letters.length === 0) return;
  await transaction.run(insertDeadLetters, [
    letters.map(({ dead_letter_id }) => dead_letter_id),
    letters.map(({ device_id }) => device_id),
    letters.map(({ topic }) => topic),
    letters.map(({ partition }) => partition),
    letters.map(({ offset }) => offset),
    letters.map(({ original_key }) => original_key),
    letters.map(({ original_value }) => original_value),
    letters.map(({ code }) => code),
    letters.map(({ message }) => message),
    letters.map(({ attempts }) => attempts),
    letters.map(({ frame_id }) => frame_id),
    letters.map(({ captured_at }) => (captured_at === null ? null : new Date(captured_at))),
    letters.map(({ recorded_at }) => new Date(recorded_at)),
    new Date(nowMs),
  ]);
}
