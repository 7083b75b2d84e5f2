import { setTimeout as sleep } from 'node:timers/promises';
import { statement } from './statement.ts';
import type { Queryable } from './store.ts';

const sql = {
  backend: statement(import.meta.url, './sql/own-backend.sql'),
  cancel: statement(import.meta.url, './sql/cancel-backend.sql'),
};

const AGAIN_MS = 200;

/**
 * Work in a transaction whose statements may take minutes. At the signal the one that the server is at is cancelled, by
 * another connection of `store`, and the work rejects with the signal's reason.
 */
export async function untilStopped<Result>(
  {
    store,
    transaction,
    signal,
  }: { readonly store: Queryable; readonly transaction: Queryable; readonly signal: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const [own] = await transaction.run<{ pid: number }>(sql.backend);
  let isOver = false;
  let cancelling: Promise<void> = Promise.resolve();
  const cancel = async () => {
    // Time and again, since one may just be on its way. If it cannot be, it goes on to its end, or to that of its time.
    while (!isOver) {
      await store.run(sql.cancel, [own?.pid]).catch(() => undefined);
      await sleep(AGAIN_MS);
    }
  };
  const onStop = () => {
    cancelling = cancel();
  };
  signal.addEventListener('abort', onStop, { once: true });
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    isOver = true;
    signal.removeEventListener('abort', onStop);
    // Or it might meet the next one that uses this connection.
    await cancelling;
  }
}
