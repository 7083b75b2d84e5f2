import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../ports/store/store.ts';
import type { Gone, Holds, RetentionClass } from './classes.ts';
import type { Scope } from './limits.ts';

/** Few enough that nobody waits for their locks. */
const ROWS_MAX = 1_000;

/** Lets go what is over of one class, batch by batch, each in a transaction of its own; tells of each. */
export async function expire(
  {
    store,
    of,
    scope,
    holds,
    beforeMs,
    nowMs,
    onGone,
  }: {
    readonly store: Pick<Store, 'transaction'>;
    readonly of: RetentionClass;
    readonly scope: Scope;
    readonly holds: Holds;
    readonly beforeMs: number;
    readonly nowMs: number;
    readonly onGone: (gone: Gone) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  const batch = { before: new Date(beforeMs), scope, rowsMax: ROWS_MAX, holds, now: new Date(nowMs) };
  while (!signal.aborted) {
    const startedMs = performance.now();
    const gone = await store.transaction((transaction) => of.take(transaction, batch));
    onGone(gone);
    if (gone.rows < ROWS_MAX) return;
    // As long as it took: half of the database's time is others'.
    await sleep(performance.now() - startedMs, undefined, { signal }).catch(() => undefined);
  }
}
