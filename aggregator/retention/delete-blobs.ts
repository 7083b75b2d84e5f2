import pLimit from 'p-limit';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';

/** Of what the blobs were that went; `downscaled`, where a smaller one is in its place, or was to be. */
export type BlobClass = 'frames' | 'snapshots' | 'downscaled';

export interface DeletedBlobs {
  readonly class: BlobClass;
  readonly blobs: number;
  readonly bytes: number;
}

/** Deletes the blobs to which nothing refers any more. Killed in between, the same are deleted again, which does no harm. */
export interface BlobDeletion {
  /** Goes through all that are over, and tells of each that went. What it could not delete before it does not try again. */
  goOn(nowMs: number, signal: AbortSignal): Promise<void>;
  /** The first that could not be deleted, and why; it stays for the next time. */
  failure(): { readonly error: unknown } | null;
  /** Behind which key the next deletion is to begin. */
  place(): string;
}

const BATCH = 200;
const AT_ONCE = 8;
/** So many that cannot be deleted, one after the other, take long enough. */
const FAILURES_MAX = 1_000;

const sql = {
  list: statement(import.meta.url, './sql/list-expired-blobs.sql'),
  forget: statement(import.meta.url, './sql/forget-expired-blobs.sql'),
};

interface Row {
  readonly key: string;
  readonly class: BlobClass;
  readonly size_bytes: number | null;
}

/**
 * Blobs that cannot be deleted hold up no others: it goes on behind them, and ends where the store is away, or where too
 * many have failed. The next one begins behind these, and comes to all that lies before them when it has been at the end.
 */
export function openBlobDeletion({
  store,
  blobs,
  after = '',
  onDeleted = () => undefined,
}: {
  readonly store: Queryable;
  readonly blobs: Pick<Blobs, 'delete' | 'head' | 'health'>;
  /** Where the last one has said that this one is to begin. */
  readonly after?: string;
  readonly onDeleted?: (deleted: DeletedBlobs) => void;
}): BlobDeletion {
  const limit = pLimit(AT_ONCE);
  const failed = new Set<string>();
  let failure: { readonly error: unknown } | null = null;
  let place = after;
  let isOver = false;

  async function remove({ key, size_bytes }: Row): Promise<number> {
    // What cannot be a key is no blob, whatever its record said.
    if (!isKey(key)) return 0;
    const sizeBytes = size_bytes ?? (await blobs.head(key))?.sizeBytes ?? 0;
    await blobs.delete(key);
    return sizeBytes;
  }

  async function removeAll(rows: readonly Row[]): Promise<void> {
    const tried = await Promise.allSettled(rows.map((row) => limit(() => remove(row))));
    const gone = rows.flatMap((row, at) => {
      const one = tried[at];
      return one?.status === 'fulfilled' ? [{ row, bytes: one.value }] : [];
    });
    if (gone.length > 0) await store.run(sql.forget, [gone.map(({ row }) => row.key)]);
    for (const { row, bytes } of gone) onDeleted({ class: row.class, blobs: 1, bytes });
    for (const [at, { key }] of rows.entries()) {
      const one = tried[at];
      if (one?.status !== 'rejected') continue;
      failed.add(key);
      failure ??= { error: one.reason };
    }
    // Where not one could be deleted it may be the store that is away, which says nothing about them.
    if (rows.length > 0 && gone.length === 0 && !(await isThere())) isOver = true;
  }

  async function isThere(): Promise<boolean> {
    try {
      await blobs.health();
      return true;
    } catch {
      return false;
    }
  }

  async function goThrough(from: string, nowMs: number, signal: AbortSignal): Promise<void> {
    for (let last = from; !isOver && !signal.aborted; ) {
      const rows = await store.run<Row>(sql.list, [last, BATCH, new Date(nowMs)]);
      await removeAll(rows.filter(({ key }) => !failed.has(key)));
      last = rows.at(-1)?.key ?? last;
      if (failed.size >= FAILURES_MAX) {
        isOver = true;
        place = last;
      }
      if (rows.length < BATCH) return;
    }
  }

  return {
    async goOn(nowMs, signal) {
      await goThrough(after, nowMs, signal);
      if (after !== '') await goThrough('', nowMs, signal);
    },
    failure: () => failure,
    place: () => place,
  };
}
