import type { Clock } from '../ports/clock/clock.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { DiskGuard } from './disk-guard.ts';

const noteListening = statement(import.meta.url, './sql/note-listening.sql');

/** A third of the gap after which note-listening.sql takes it that nobody listened. */
export const NOTE_LISTENING_EVERY_MS = 3_000;

interface Dependencies {
  readonly store: Queryable;
  readonly clock: Clock;
  readonly diskGuard: Pick<DiskGuard, 'hasRoom'>;
}

/** Notes that devices can be heard now. Silence is counted in such times only: who is not listened to is not silent. */
export function createListening({ store, clock, diskGuard }: Dependencies) {
  return {
    async note(): Promise<void> {
      // Whose frame is turned away at the door has not been heard.
      if (diskGuard.hasRoom()) await store.run(noteListening, [new Date(clock.nowMs())]);
    },
  };
}
