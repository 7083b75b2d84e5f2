import { hash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { type Blobs, isKey } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { Outage } from '../../ports/errors.ts';
import { prepareToTake } from '../../ports/store/prepare-to-take.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import type { Holds } from './classes.ts';
import type { Scope } from './limits.ts';
import { makeSmaller, smallKey } from './small-picture.ts';

/** What came of a picture: it is kept where it was small already. */
export type Downscaled = 'smaller' | 'kept' | 'unreadable';

export interface DownscaledBatch {
  readonly counts: Readonly<Record<Downscaled, number>>;
  /** By how much less the pictures are. */
  readonly bytes: number;
  /** Pictures that could not be had as they were stored, and are tried again. */
  readonly putOff: number;
}

export interface DownscaleWork {
  readonly store: Pick<Store, 'transaction' | 'run'>;
  readonly blobs: Pick<Blobs, 'get' | 'put' | 'delete' | 'health'>;
  readonly clock: Clock;
  readonly widthMax: number;
  readonly onBatch: (batch: DownscaledBatch) => void;
}

/** Found at once, since to find them takes longer than to find more of them. */
const ROWS_MAX = 1_000;
/** Named in one transaction. */
const BATCH = 50;
/** Pictures are large, and others want the processor too. */
const AT_ONCE = 2;
const PUTS_AT_ONCE = 8;
/** So long a picture that was noted is not deleted, and so much less long whoever noted it may name it. */
const NOTED_MS = 15 * 60_000;
const TOO_LATE_MS = 5 * 60_000;
/** Whoever has read its name just before finds the whole picture there. */
const READERS_MS = 60_000;
/** Looked through at once: in compressed chunks each row must be unpacked to be passed over. */
const WINDOW_MS = 6 * 3_600_000;
/** A capture time is at most so far ahead of when the frame came, by which it is due. */
const AHEAD_MS = 5 * 60_000;
const NOBODY = '00000000-0000-0000-0000-000000000000';

const sql = {
  next: statement(import.meta.url, './sql/next-captured.sql'),
  find: statement(import.meta.url, './sql/due-downscaling.sql'),
  note: statement(import.meta.url, './sql/note-small-pictures.sql'),
  hold: statement(import.meta.url, './sql/hold-small-pictures.sql'),
  take: statement(import.meta.url, './sql/take-downscaling.sql'),
};

interface Due {
  readonly id: string;
  /** As text, which keeps what the column keeps. */
  readonly at: string;
  readonly captured_at: Date;
  readonly device_id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly key: string;
  readonly sha256: Buffer | null;
  readonly is_late: boolean;
}

interface Small {
  readonly key: string;
  readonly jpeg: Buffer;
  /** How much less it is than the whole one. */
  readonly savedBytes: number;
}

interface Tried {
  readonly due: Due;
  readonly outcome: Downscaled | 'put off';
  readonly small: Small | null;
}

/**
 * Makes pictures smaller that are older than they stay whole, the oldest first, batch by batch. The smaller one gets a name
 * of its own: it is noted as a picture that nobody names, then stored, and then in one transaction the row names it, the
 * note goes and the whole one is noted. So whatever dies in between, every row names a picture that is there, and what no
 * row names is deleted (promise 9). Answers whether there was more than it had time for.
 */
export async function downscale(
  { store, blobs, clock, widthMax, onBatch }: DownscaleWork,
  {
    scope,
    holds,
    beforeMs,
    sinceMs,
  }: {
    readonly scope: Scope;
    readonly holds: Holds;
    readonly beforeMs: number;
    /** Frames that were taken before are not looked for; null is for all. */
    readonly sinceMs: number | null;
  },
  signal: AbortSignal,
): Promise<{ readonly more: boolean }> {
  const [tries, puts] = [pLimit(AT_ONCE), pLimit(PUTS_AT_ONCE)];

  const untilMs = beforeMs + AHEAD_MS;

  async function nextCapturedMs(sinceMs: number | null): Promise<number | null> {
    return await store.transaction(async (transaction) => {
      await transaction.run(prepareToTake);
      const since = sinceMs === null ? '-infinity' : new Date(sinceMs);
      const [next] = await transaction.run<{ at: Date | null }>(sql.next, [since, new Date(untilMs)]);
      return next?.at?.getTime() ?? null;
    });
  }

  const find = ({ at, id }: { readonly at: string; readonly id: string }, endMs: number) =>
    store.transaction(async (transaction) => {
      await transaction.run(prepareToTake);
      const { deviceId, except } = scope;
      const until = [at, id, new Date(endMs)];
      const values = [new Date(beforeMs), deviceId, except, ROWS_MAX, holds.undrawnSince, ...until, holds.drawnTypes];
      return await transaction.run<Due>(sql.find, values);
    });

  async function attempt(due: Due): Promise<Tried> {
    const unreadable: Tried = { due, outcome: 'unreadable', small: null };
    const { device_id: deviceId, epoch, seq, captured_at } = due;
    const key = smallKey({ deviceId, epoch, seq, capturedAtMs: captured_at.getTime() }, randomBytes(4).toString('hex'));
    // A record may name what no blob can be called.
    if (!isKey(due.key) || !isKey(key)) return unreadable;
    const whole = await read(due);
    if (whole === null) return unreadable;
    if (whole === 'doubtful') return due.is_late ? unreadable : { due, outcome: 'put off', small: null };
    const jpeg = await makeSmaller(whole, { widthMax });
    if (jpeg === null) return { due, outcome: 'kept', small: null };
    if ('code' in jpeg) return unreadable;
    return { due, outcome: 'smaller', small: { key, jpeg, savedBytes: whole.length - jpeg.length } };
  }

  /** What was stored; anything else would take its place for good. */
  async function read({ key, sha256 }: Due): Promise<Buffer | 'doubtful' | null> {
    try {
      const bytes = await blobs.get(key);
      const isWhole = bytes === null || sha256 === null || hash('sha256', bytes, 'buffer').equals(sha256);
      return isWhole ? bytes : 'doubtful';
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      // A store that is away says nothing about a picture; one that answers has this one no more, or not just now.
      await blobs.health();
      return 'doubtful';
    }
  }

  async function work(batch: readonly Due[]): Promise<void> {
    const tried = await Promise.all(batch.map((due) => tries(() => attempt(due))));
    const small = tried.flatMap((one) => one.small ?? []);
    await store.run(sql.note, [
      small.map(({ key }) => key),
      small.map(({ jpeg }) => jpeg.length),
      new Date(clock.nowMs() + NOTED_MS),
    ]);
    await Promise.all(small.map(({ key, jpeg }) => puts(() => blobs.put(key, jpeg))));
    const { changed, unnamed } = await name(tried.filter(({ outcome }) => outcome !== 'put off'));
    // Their notes were taken away, by somebody who may have looked for them before they were there.
    await Promise.all(unnamed.map((key) => puts(() => blobs.delete(key))));
    const counts = { smaller: 0, kept: 0, unreadable: 0 };
    let bytes = 0;
    for (const { outcome, small } of changed) {
      if (outcome !== 'put off') counts[outcome] += 1;
      bytes += small?.savedBytes ?? 0;
    }
    onBatch({ counts, bytes, putOff: tried.filter(({ outcome }) => outcome === 'put off').length });
  }

  /** Answers those whose rows say so now, and the pictures of which nobody may say so any more. */
  async function name(tried: readonly Tried[]) {
    return await store.transaction(async (transaction) => {
      await transaction.run(prepareToTake);
      const nowMs = clock.nowMs();
      const keys = tried.flatMap(({ small }) => small?.key ?? []);
      const noted = await transaction.run<{ key: string }>(sql.hold, [keys, new Date(nowMs + TOO_LATE_MS)]);
      const held = new Set(noted.map(({ key }) => key));
      const told = tried.filter(({ small }) => small === null || held.has(small.key));
      const ats = told.map(({ due }) => due.at);
      const rows = await transaction.run<{ id: string }>(sql.take, [
        told.map(({ due }) => due.id),
        ats,
        ats[0] ?? null,
        ats.at(-1) ?? null,
        told.map(({ due }) => due.key),
        told.map(({ outcome }) => outcome),
        told.map(({ small }) => small?.key ?? null),
        told.map(({ small }) => (small ? hash('sha256', small.jpeg, 'buffer') : null)),
        told.map(({ small }) => small?.jpeg.length ?? null),
        new Date(nowMs + READERS_MS),
        new Date(nowMs),
      ]);
      const changed = new Set(rows.map(({ id }) => id));
      return {
        changed: told.filter(({ due }) => changed.has(due.id)),
        unnamed: keys.filter((key) => !held.has(key)),
      };
    });
  }

  async function goThrough(fromMs: number, endMs: number): Promise<void> {
    for (let after: Pick<Due, 'at' | 'id'> = { at: new Date(fromMs).toISOString(), id: NOBODY }; !signal.aborted; ) {
      const found = await find(after, endMs);
      for (let from = 0; from < found.length && !signal.aborted; from += BATCH) {
        const startedMs = performance.now();
        await work(found.slice(from, from + BATCH));
        // As long as it took: half of the time is others'.
        await sleep(performance.now() - startedMs, undefined, { signal }).catch(() => undefined);
      }
      const last = found.at(-1);
      if (!last || found.length < ROWS_MAX) return;
      after = last;
    }
  }

  for (let fromMs = await nextCapturedMs(sinceMs); fromMs !== null; ) {
    const endMs = Math.min(fromMs + WINDOW_MS, untilMs);
    await goThrough(fromMs, endMs);
    if (signal.aborted) return { more: true };
    fromMs = await nextCapturedMs(endMs);
  }
  return { more: false };
}
