import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import { type DiskState, lastsS, type Stored, worstOf } from './disk-state.ts';
import type { Disk, DiskWatch } from './disk-watch.ts';

const sql = {
  size: statement(import.meta.url, './sql/database-size.sql'),
  stored: statement(import.meta.url, './sql/stored-bytes.sql'),
};

const STORED_WITHIN_MS = 6 * 3_600_000;
/** A million captures may have come in that time: they are not added up for each who looks. */
const STORED_GOOD_FOR_MS = 60_000;

interface DatabaseSize {
  readonly total_bytes: number;
  readonly tables: readonly { readonly name: string; readonly bytes: number }[];
}

interface Dependencies {
  readonly store: Queryable;
  readonly diskWatch: DiskWatch;
  readonly clock: Clock;
}

export type DiskHealth = ReturnType<typeof readDisk>;
export type ReadDisk = () => DiskHealth;

export function createReadDisk({ store, diskWatch, clock }: Dependencies): ReadDisk {
  let known: { readonly atMs: number; readonly stored: Promise<Stored | null> } | null = null;

  function storedLately(): Promise<Stored | null> {
    const nowMs = clock.nowMs();
    if (known && Math.abs(nowMs - known.atMs) < STORED_GOOD_FOR_MS) return known.stored;
    const stored = ifThere(() => readStored(store, nowMs));
    known = { atMs: nowMs, stored };
    // Of an outage nothing is kept but that it is there now.
    const forgetIf = (found: Stored | null) => {
      if (found === null) known = null;
    };
    stored.then(forgetIf, () => forgetIf(null));
    return stored;
  }

  return () => readDisk({ store, diskWatch, storedLately });
}

/** How the disks are, and what lies on them; also while the database is away. */
async function readDisk({
  store,
  diskWatch,
  storedLately,
}: Omit<Dependencies, 'clock'> & { readonly storedLately: () => Promise<Stored | null> }) {
  const [disks, stored, database] = await Promise.all([diskWatch.disks(), storedLately(), readDatabase(store)]);
  const [blobs, ...folders] = disks.map((disk) => asTold(disk, disk.name === 'blobs' ? stored : null));
  if (!blobs) throw new Error('a disk watch without blobs');
  const { lowBytes: low_bytes, lowShare: low_share } = diskWatch.limits;
  const states = [...disks, database].map(({ state }) => state);
  return { state: worstOf(states), blobs, folders, database, limits: { low_bytes, low_share } };
}

async function readStored(store: Queryable, nowMs: number): Promise<Stored> {
  const [row] = await store.run<{ bytes: number; since: Date | null }>(sql.stored, [
    new Date(nowMs - STORED_WITHIN_MS),
  ]);
  return { bytes: row?.bytes ?? 0, spanMs: row?.since ? nowMs - row.since.getTime() : 0 };
}

async function readDatabase(store: Queryable) {
  const startedMs = performance.now();
  const rows = await ifThere(() => store.run<DatabaseSize>(sql.size));
  const [size] = rows ?? [];
  const state: DiskState = size ? 'ok' : 'unreachable';
  const took_ms = size ? Math.round(performance.now() - startedMs) : null;
  return { state, took_ms, total_bytes: size?.total_bytes ?? null, tables: [...(size?.tables ?? [])] };
}

/** What is asked how it is may well be away: that is an answer. */
async function ifThere<Result>(ask: () => Promise<Result>): Promise<Result | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Outage) return null;
    throw error;
  }
}

function asTold({ name, state, room, tookMs, lookedAtMs }: Disk, stored: Stored | null) {
  return {
    name,
    state,
    looked_at: new Date(lookedAtMs),
    took_ms: tookMs,
    total_bytes: room?.totalBytes ?? null,
    used_bytes: room?.usedBytes ?? null,
    free_bytes: room?.freeBytes ?? null,
    lasts_s: room && stored ? lastsS(room.freeBytes, stored) : null,
  };
}
