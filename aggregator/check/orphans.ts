import { hash } from 'node:crypto';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable, Store } from '../../ports/store/store.ts';
import { type NamedBlob, readBlobName } from '../../schemas/blob-names.ts';
import { frameId } from '../../schemas/identity.ts';
import type { Frame } from '../../schemas/types.ts';
import { type Claim, frameOfClaim } from './republish.ts';

/** What a blob is that nothing refers to. */
export type Orphan =
  | { readonly kind: 'orphan' }
  | { readonly kind: 'stranger' }
  /** A picture of a frame that was acknowledged, and of which no row tells. */
  | { readonly kind: 'unrecorded'; readonly frame: Frame }
  /** It has gone, or may still be referred to. */
  | null;

export interface Orphans {
  judge(key: string): Promise<Orphan>;
  /** Unless somebody is just about to refer to it. */
  remove(key: string): Promise<boolean>;
}

const sql = {
  lock: statement(import.meta.url, './sql/lock-device.sql'),
  claims: statement(import.meta.url, './sql/find-claims.sql'),
  capture: statement(import.meta.url, './sql/find-capture.sql'),
};

/** An upload that has lost its lease may still be at work. */
const AT_WORK_MS = 60_000;

export function createOrphans({
  store,
  blobs,
  nowMs,
  settledMs,
  youngerMs,
  recordedMs,
}: {
  readonly store: Store;
  readonly blobs: Pick<Blobs, 'head' | 'get' | 'delete'>;
  readonly nowMs: () => number;
  /** What came since then may still be on its way through the log. */
  readonly settledMs: number;
  /** A blob that was stored since then, and of which no frame was acknowledged, may still become one. */
  readonly youngerMs: number;
  /** A frame that came before then would be over by now. */
  readonly recordedMs: number;
}): Orphans {
  const findClaims = (queryable: Queryable, blob: NamedBlob & { readonly kind: 'frame' }) =>
    queryable.run<Claim>(sql.claims, [
      blob.deviceId,
      blob.identity?.epoch ?? null,
      blob.identity?.seq ?? null,
      blob.statedMs,
    ]);

  /** A picture that a confirmed claim is of: by its bytes, since a name alone may be another frame's. */
  async function acknowledged(key: string, claims: readonly Claim[]): Promise<Frame | null> {
    const confirmed = claims.filter((claim) => claim.confirmed && claim.received_at.getTime() >= recordedMs);
    if (confirmed.length === 0) return null;
    const bytes = await blobs.get(key);
    if (!bytes) return null;
    const digest = hash('sha256', bytes, 'buffer');
    const claim = confirmed.find((one) => one.digest.equals(digest));
    if (!claim) return null;
    const there = await store.run(sql.capture, [frameId(claim.device_id, claim.epoch, claim.seq)]);
    return there.length > 0 ? null : frameOfClaim(claim, { key, sizeBytes: bytes.length });
  }

  return {
    async judge(key) {
      const head = await blobs.head(key);
      if (!head || head.storedAtMs >= settledMs) return null;
      const waits = head.storedAtMs >= youngerMs;
      const blob = readBlobName(key);
      if (blob === null) return waits ? null : { kind: 'stranger' };
      if (blob.kind === 'snapshot') return waits ? null : { kind: 'orphan' };
      const claims = await findClaims(store, blob);
      const frame = await acknowledged(key, claims);
      if (frame === null) return waits ? null : { kind: 'orphan' };
      // It was stored long ago, and sent again of late.
      if (claims.some(({ lease_until }) => lease_until.getTime() >= settledMs)) return null;
      return { kind: 'unrecorded', frame };
    },

    async remove(key) {
      const blob = readBlobName(key);
      if (blob === null) return false;
      // A device that comes back with a frame of which ingest had stored no more than the picture finds that picture there,
      // and refers to it: so none is claimed meanwhile.
      return store.transaction(async (transaction) => {
        if (blob.kind === 'frame') {
          await transaction.run(sql.lock, [blob.deviceId]);
          const claims = await findClaims(transaction, blob);
          if (claims.some(({ lease_until }) => lease_until.getTime() > nowMs() - AT_WORK_MS)) return false;
        }
        await blobs.delete(key);
        return true;
      });
    },
  };
}
