import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, tryLock } from '../../ports/store/locks.ts';
import type { Store } from '../../ports/store/store.ts';

/** A transaction in which nothing is said for long is ended by the server. */
const BEAT_MS = 5_000;

/**
 * Does something for as long as it takes, while no other process does: by a lock that goes with its transaction, and so
 * with whoever had it. Should it be lost, the signal that `work` is given aborts, and it ends as a failure. Where another
 * process has it, nothing is done.
 */
export async function holdAlone(
  store: Store,
  { lock, signal, beatMs = BEAT_MS }: { readonly lock: Lock; readonly signal: AbortSignal; readonly beatMs?: number },
  work: (alone: AbortSignal) => Promise<void>,
): Promise<void> {
  await store.transaction(async (held) => {
    if (!(await tryLock(held, lock))) return;
    const [lost, done] = [new AbortController(), new AbortController()];
    const beat = async () => {
      try {
        for (;;) {
          await sleep(beatMs, undefined, { signal: done.signal });
          await tryLock(held, lock);
        }
      } catch (error) {
        if (done.signal.aborted) return null;
        lost.abort();
        return error;
      }
    };
    const beating = beat();
    try {
      await work(AbortSignal.any([signal, lost.signal]));
    } finally {
      done.abort();
    }
    const error = await beating;
    if (error) throw error;
  });
}
