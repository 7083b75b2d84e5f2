import pLimit from 'p-limit';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import { type NamedBlob, readBlobName } from '../../schemas/blob-names.ts';

/**
 * A copy of the blobs may be older than the database beside it, and have pictures that were erased since: no row names
 * them any more, and so no step of an erasure finds them. They are found by their names. What is of no claim, and no row
 * either, is nobody's to tell, and goes as an orphan (aggregator/check).
 */
const BATCH = 1_000;
const AT_ONCE = 8;
/** Where pictures of devices lie. */
export const PICTURE_FOLDERS = ['images', 'devices', 'snapshots'];

const sql = {
  devices: statement(import.meta.url, './sql/erased-devices.sql'),
  find: statement(import.meta.url, './sql/find-returned.sql'),
  note: statement(import.meta.url, './sql/note-returned.sql'),
};

interface Listed {
  readonly key: string;
  readonly blob: NamedBlob;
}

/** Every blob of these devices is looked at; those that show what was erased go. */
export async function eraseReturned({
  store,
  blobs,
}: {
  readonly store: Pick<Store, 'run'>;
  readonly blobs: Pick<Blobs, 'list' | 'delete'>;
}): Promise<void> {
  const limit = pLimit(AT_ONCE);

  async function erase(deviceId: string, listed: readonly Listed[]): Promise<void> {
    const rows = await store.run<{ key: string; erasure_id: string }>(sql.find, [
      deviceId,
      listed.map(({ key }) => key),
      listed.map(({ blob }) => (blob.kind === 'frame' ? (blob.identity?.epoch ?? null) : null)),
      listed.map(({ blob }) => (blob.kind === 'frame' ? (blob.identity?.seq ?? null) : null)),
      listed.map(({ blob }) => (blob.kind === 'frame' ? blob.statedMs : null)),
      listed.map(({ blob }) => (blob.kind === 'snapshot' ? asDate(blob.occurredAtMs) : null)),
    ]);
    if (rows.length === 0) return;
    await Promise.all(rows.map(({ key }) => limit(() => blobs.delete(key))));
    await store.run(sql.note, [rows.map(({ erasure_id }) => erasure_id)]);
  }

  for (const { device_id: deviceId } of await store.run<{ device_id: string }>(sql.devices)) {
    for (const folder of PICTURE_FOLDERS) {
      let listed: Listed[] = [];
      for await (const key of blobs.list(`${folder}/${deviceId}/`)) {
        const blob = readBlobName(key);
        if (blob) listed.push({ key, blob });
        if (listed.length < BATCH) continue;
        await erase(deviceId, listed);
        listed = [];
      }
      if (listed.length > 0) await erase(deviceId, listed);
    }
  }
}

const asDate = (ms: number | null) => (ms === null ? null : new Date(ms));
