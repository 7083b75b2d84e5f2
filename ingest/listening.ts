import type { Clock } from '../ports/clock/clock.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const noteListening = statement(import.meta.url, './sql/note-listening.sql');

/** A third of the gap after which note-listening.sql takes it that nobody listened. */
export const NOTE_LISTENING_EVERY_MS = 3_000;

/** Notes that devices can be heard now. Silence is counted in such times only: who is not listened to is not silent. */
export function createListening({ store, clock }: { readonly store: Queryable; readonly clock: Clock }) {
  return {
    note: async (): Promise<void> => void (await store.run(noteListening, [new Date(clock.nowMs())])),
  };
}
