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

const BATCH = 200;
const AT_ONCE = 8;

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
 * Deletes the blobs to which nothing refers any more, and tells of each batch. Killed in between, the same are deleted
 * again, which does no harm; one that cannot be deleted stays for the next time.
 */
export async function deleteExpiredBlobs(
  {
    store,
    blobs,
    nowMs,
    onDeleted,
  }: {
    readonly store: Queryable;
    readonly blobs: Pick<Blobs, 'delete' | 'head'>;
    readonly nowMs: number;
    readonly onDeleted: (deleted: DeletedBlobs) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  const limit = pLimit(AT_ONCE);

  async function remove({ key, size_bytes }: Row): Promise<number> {
    // What cannot be a key is no blob, whatever its record said.
    if (!isKey(key)) return 0;
    const sizeBytes = size_bytes ?? (await blobs.head(key))?.sizeBytes ?? 0;
    await blobs.delete(key);
    return sizeBytes;
  }

  for (let after = ''; !signal.aborted; ) {
    const rows = await store.run<Row>(sql.list, [after, BATCH, new Date(nowMs)]);
    const tried = await Promise.allSettled(rows.map((row) => limit(() => remove(row))));
    const gone = rows.flatMap((row, at) => {
      const one = tried[at];
      return one?.status === 'fulfilled' ? [{ row, bytes: one.value }] : [];
    });
    if (gone.length > 0) await store.run(sql.forget, [gone.map(({ row }) => row.key)]);
    for (const { row, bytes } of gone) onDeleted({ class: row.class, blobs: 1, bytes });
    const failed = tried.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    if (rows.length < BATCH) return;
    after = rows.at(-1)?.key ?? after;
  }
}
