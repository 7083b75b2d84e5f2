import type { User } from '../http/access/users.ts';
import { type Blobs, isKey } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import { prepareToTake } from '../ports/store/prepare-to-take.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { noteChange } from './audit.ts';
import { eraseEvents, eraseVisits, lockErasureList, named } from './erasures/rows-in-chunks.ts';
import { type EventRow, findEvent, noSuchEvent } from './find-event.ts';

const sql = {
  isNamed: statement(import.meta.url, './sql/is-named-snapshot.sql'),
  insert: statement(import.meta.url, './sql/insert-deleted-event.sql'),
  expire: statement(import.meta.url, './sql/expire-snapshot.sql'),
  forget: statement(import.meta.url, './sql/forget-snapshot.sql'),
};

export interface DeletedEvent {
  /** Deleted, or to be deleted once the blob store is there again. */
  readonly isSnapshotGone: boolean;
}

/**
 * Deletes an event, with all that is counted of it, for good: whoever writes asks whether it was deleted, in the transaction
 * that writes, and waits for this one (aggregator/without-deleted.ts). Its picture goes after it (promise 9), if that is
 * wanted; else it stays for as long as the event would have kept it, and nobody is led to it any more.
 */
export async function deleteEvent(
  { store, blobs, clock }: { readonly store: Store; readonly blobs: Pick<Blobs, 'delete'>; readonly clock: Clock },
  { number, by, withSnapshot }: { readonly number: number; readonly by: User; readonly withSnapshot: boolean },
): Promise<DeletedEvent> {
  const expired = await store.transaction(async (within) => {
    await within.run(prepareToTake);
    await within.run(lockErasureList);
    const event = await findEvent(within, { number, fleetId: by.fleetId });
    const at = `${event.occurred_at}Z`;
    const values = named(event.device_id, [{ id: event.id, at }]);
    // Whoever lets go what is over asks for no lock of ours.
    if ((await within.run(eraseEvents, values)).length === 0) throw noSuchEvent();
    if (event.type === 'visit') await within.run(eraseVisits, values);
    const now = new Date(clock.nowMs());
    const path = await ownPicture(within, event, at);
    const going = withSnapshot ? path : null;
    const { id, type, device_id: deviceId, ended_at, data } = event;
    const endedAt = ended_at && `${ended_at}Z`;
    await within.run(sql.insert, [id, deviceId, type, at, endedAt, data, withSnapshot ? null : path, now]);
    if (going !== null) await within.run(sql.expire, [going, now]);
    const details = { number, type, occurred_at: at, snapshot_deleted: going !== null };
    await noteChange(within, { atMs: now.getTime(), by, action: 'event-delete', subject: id, deviceId, details });
    return going;
  });
  if (expired === null) return { isSnapshotGone: false };
  await deleteNow(expired).catch((error) => {
    // What is over is gone through again and again, until it is deleted.
    if (!(error instanceof Outage)) throw error;
  });
  return { isSnapshotGone: true };

  async function deleteNow(key: string): Promise<void> {
    if (isKey(key)) await blobs.delete(key);
    await store.run(sql.forget, [key]);
  }
}

/** Its picture, unless that is another's too. */
async function ownPicture(
  within: Queryable,
  { device_id, snapshot_path }: EventRow,
  at: string,
): Promise<string | null> {
  if (snapshot_path === null) return null;
  const [other] = await within.run<{ named: boolean }>(sql.isNamed, [device_id, at, snapshot_path]);
  return other?.named ? null : snapshot_path;
}
