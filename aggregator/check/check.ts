import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import type { Log } from '../../ports/log/log.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import type { Codec } from '../../schemas/codec.ts';
import { readers } from '../../schemas/readers.ts';
import type { Frame } from '../../schemas/types.ts';
import { openBlobDeletion } from '../retention/delete-blobs.ts';
import { lookAtAll, type Seen, type Some } from './look.ts';
import { createOrphans, type Orphans } from './orphans.ts';
import type { CheckReport, Finding, FindingKind } from './report.ts';
import { appendFrames, frameOfCapture } from './republish.ts';

/** `orphans`: only those are deleted, as the daily check does. */
export type Repair = 'nothing' | 'orphans' | 'all';

export interface CheckDependencies {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly log: Pick<Log, 'lag' | 'append'>;
  readonly codec: Pick<Codec, 'encode'>;
  readonly clock: Clock;
}

export interface CheckOptions {
  readonly repair: Repair;
  /** Also where so much is wrong that it is more likely another store, or another database. */
  readonly force?: boolean;
  /** So long a picture may wait for somebody to refer to it; null is for ever. */
  readonly stagingMs: number | null;
  /** So long frames are kept at most; null is for ever. */
  readonly keptMs: number | null;
  /** Stops what it is at, and before the next repair: it rejects with the signal's reason, and tells nothing by halves. */
  readonly signal: AbortSignal;
}

const EXAMPLES_MAX = 5;
/** What came so lately may still be under way, however quick all readers are. */
const SETTLED_MS = 10 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** More than this, and more than half: nobody has lost that much and all else has not. */
const MANY = 100;

const sql = {
  forgetPicture: statement(import.meta.url, './sql/forget-picture.sql'),
  forgetSnapshot: statement(import.meta.url, './sql/forget-snapshot.sql'),
};

/** Whether rows, blobs and records of the log agree, and what is wrong; and repairs it, if asked to. */
export async function check(dependencies: CheckDependencies, options: CheckOptions): Promise<CheckReport> {
  const { store, blobs, log, clock } = dependencies;
  const { signal } = options;
  signal.throwIfAborted();
  const startedAtMs = clock.nowMs();
  const settledMs = startedAtMs - SETTLED_MS - (await behindMs(log));
  const seen = await lookAtAll({ store, blobs }, { settledMs, overdueMs: startedAtMs - DAY_MS, signal });
  const orphans = createOrphans({
    store,
    blobs,
    nowMs: clock.nowMs,
    settledMs,
    youngerMs: options.stagingMs === null ? 0 : Math.min(settledMs, startedAtMs - options.stagingMs),
    recordedMs: options.keptMs === null ? 0 : startedAtMs - options.keptMs,
  });
  const findings = [
    await missingPictures(seen, dependencies, options),
    await missingSnapshots(seen, dependencies, options),
    ...(await orphanedBlobs(seen, orphans, dependencies, options)),
    await neverAnalysed(seen, dependencies, options),
    await undeleted(seen, dependencies, options),
  ];
  signal.throwIfAborted();
  return {
    startedAtMs,
    finishedAtMs: clock.nowMs(),
    settledMs,
    lookedAt: seen.lookedAt,
    findings: findings.filter(({ count }) => count > 0),
  };
}

/** What any reader of the log has not come to yet is missing nowhere. */
async function behindMs(log: Pick<Log, 'lag'>): Promise<number> {
  const lags = await Promise.all(readers.map(({ topic, group }) => log.lag(topic, group)));
  return Math.max(0, ...lags.flat().map(({ ageMs }) => ageMs));
}

async function missingPictures(
  { missingPictures: found, lookedAt }: Seen,
  dependencies: CheckDependencies,
  options: CheckOptions,
) {
  const gone = await confirmed(found, ({ key }) => isGone(dependencies.blobs, key), options);
  const left = tooMany(gone.total, lookedAt.pictures, options);
  let repaired = 0;
  if (options.repair === 'all' && left === null) {
    for (const { frame_id, captured_at, key } of gone.rows) {
      options.signal.throwIfAborted();
      repaired += (await dependencies.store.run(sql.forgetPicture, [frame_id, captured_at, key])).length;
    }
  }
  return finding('picture-missing', gone, ({ frame_id, key, state }) => `${key} of frame ${frame_id}, ${state}`, {
    repaired,
    left,
  });
}

async function missingSnapshots(
  { missingSnapshots: found, lookedAt }: Seen,
  dependencies: CheckDependencies,
  options: CheckOptions,
) {
  const gone = await confirmed(found, ({ key }) => isGone(dependencies.blobs, key), options);
  const left = tooMany(gone.total, lookedAt.snapshots, options);
  let repaired = 0;
  if (options.repair === 'all' && left === null) {
    for (const { id, occurred_at, key } of gone.rows) {
      options.signal.throwIfAborted();
      repaired += (await dependencies.store.run(sql.forgetSnapshot, [id, occurred_at, key])).length;
    }
  }
  return finding('snapshot-missing', gone, ({ id, key }) => `${key} of event ${id}`, { repaired, left });
}

async function orphanedBlobs(
  { orphans: found, lookedAt }: Seen,
  orphans: Orphans,
  dependencies: CheckDependencies,
  options: CheckOptions,
): Promise<readonly Finding[]> {
  const keys: Record<'orphan' | 'stranger', { readonly key: string }[]> = { orphan: [], stranger: [] };
  const frames: Frame[] = [];
  for (const { key } of found.rows) {
    options.signal.throwIfAborted();
    const judged = await orphans.judge(key);
    if (judged?.kind === 'unrecorded') frames.push(judged.frame);
    else if (judged) keys[judged.kind].push({ key });
  }
  const left = tooMany(keys.orphan.length, lookedAt.blobs, options);
  let removed = 0;
  if (options.repair !== 'nothing' && left === null) {
    for (const { key } of keys.orphan) {
      options.signal.throwIfAborted();
      if (await orphans.remove(key)) removed += 1;
    }
  }
  options.signal.throwIfAborted();
  if (options.repair === 'all') await appendFrames(dependencies, frames);
  return [
    finding('orphan', all(keys.orphan), ({ key }) => key, { repaired: removed, left }),
    finding('stranger', all(keys.stranger), ({ key }) => key),
    finding('unrecorded', all(frames), ({ frame_id, blob_key }) => `${blob_key} of frame ${frame_id}`, {
      repaired: options.repair === 'all' ? frames.length : 0,
    }),
  ];
}

async function neverAnalysed(
  { neverAnalysed: found }: Seen,
  dependencies: CheckDependencies,
  { repair, signal }: CheckOptions,
) {
  const frames = found.rows.flatMap((row) => frameOfCapture(row) ?? []);
  signal.throwIfAborted();
  if (repair === 'all') await appendFrames(dependencies, frames);
  return finding(
    'never-analysed',
    found,
    ({ frame_id, device_id, captured_at }) => `frame ${frame_id} of ${device_id}, ${captured_at.toISOString()}`,
    {
      repaired: repair === 'all' ? frames.length : 0,
    },
  );
}

async function undeleted(
  { undeleted: found }: Seen,
  { store, blobs, clock }: CheckDependencies,
  { repair, signal }: CheckOptions,
) {
  let repaired = 0;
  if (repair === 'all' && found.total > 0) {
    const deletion = openBlobDeletion({ store, blobs });
    await deletion.goOn(clock.nowMs(), signal);
    const failure = deletion.failure();
    if (failure) throw failure.error;
    repaired = found.total;
  }
  return finding('undeleted', found, ({ key }) => key, { repaired });
}

async function isGone(blobs: Pick<Blobs, 'head'>, key: string): Promise<boolean> {
  try {
    return (await blobs.head(key)) === null;
  } catch (error) {
    // A name that no blob can have.
    if (error instanceof TypeError) return true;
    throw error;
  }
}

/** Of what was found by a listing that is some minutes old, what still is so. */
async function confirmed<Row>(
  found: Some<Row>,
  stillSo: (row: Row) => Promise<boolean>,
  { signal }: CheckOptions,
): Promise<Some<Row>> {
  const rows: Row[] = [];
  for (const row of found.rows) {
    signal.throwIfAborted();
    if (await stillSo(row)) rows.push(row);
  }
  return { rows, total: found.total - found.rows.length + rows.length };
}

function all<Row>(rows: readonly Row[]): Some<Row> {
  return { rows, total: rows.length };
}

function tooMany(count: number, of: number, { force = false, repair }: CheckOptions): string | null {
  if (force || repair === 'nothing' || count <= MANY || count <= of / 2) return null;
  return `${count} of ${of} are more than anybody loses. Are these the blobs of this database? If so: --repair --force`;
}

function finding<Row>(
  kind: FindingKind,
  { rows, total }: Some<Row>,
  tell: (row: Row) => string,
  { repaired = 0, left = null }: { readonly repaired?: number; readonly left?: string | null } = {},
): Finding {
  return { kind, count: total, repaired, examples: rows.slice(0, EXAMPLES_MAX).map(tell), left };
}
