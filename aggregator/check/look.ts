import type { Blobs } from '../../ports/blobs/blobs.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable, Statement, Store } from '../../ports/store/store.ts';
import { untilStopped } from '../../ports/store/until-stopped.ts';
import { ERASURE_NOTES } from '../../schemas/erasure-note.ts';
import type { Lane, TimeQuality } from '../../schemas/types.ts';
import type { CheckReport } from './report.ts';

/** The first of what does not agree, and how many there are in all. */
export interface Some<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

export interface NamedPicture {
  readonly frame_id: string;
  readonly captured_at: Date;
  readonly key: string;
  readonly state: string;
}

export interface NamedSnapshot {
  readonly id: string;
  readonly occurred_at: Date;
  readonly key: string;
}

export interface WaitingFrame {
  readonly frame_id: string;
  readonly captured_at: Date;
  readonly device_id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly time_quality: TimeQuality | null;
  readonly lane: Lane;
  readonly received_at: Date | null;
  readonly blob_key: string | null;
  readonly size_bytes: number | null;
  readonly sha256: Buffer | null;
}

interface Keyed {
  readonly key: string;
}

export interface Seen {
  readonly lookedAt: CheckReport['lookedAt'];
  readonly missingPictures: Some<NamedPicture>;
  readonly missingSnapshots: Some<NamedSnapshot>;
  readonly orphans: Some<Keyed>;
  readonly neverAnalysed: Some<WaitingFrame>;
  readonly undeleted: Some<Keyed>;
}

const PAGE = 5_000;
/** Of one kind; the next check finds the rest. */
const ROWS_MAX = 10_000;

const sql = {
  create: statement(import.meta.url, './sql/create-listing.sql'),
  add: statement(import.meta.url, './sql/add-to-listing.sql'),
  analyze: statement(import.meta.url, './sql/analyze-listing.sql'),
  count: statement(import.meta.url, './sql/count-looked-at.sql'),
  pictures: statement(import.meta.url, './sql/missing-pictures.sql'),
  snapshots: statement(import.meta.url, './sql/missing-snapshots.sql'),
  orphans: statement(import.meta.url, './sql/orphaned-blobs.sql'),
  waiting: statement(import.meta.url, './sql/never-analysed.sql'),
  undeleted: statement(import.meta.url, './sql/undeleted-blobs.sql'),
};

/**
 * Lists all blobs into a table of the moment, and asks the database what does not agree with it. What is younger than
 * `settledMs` may still be under way, and is not asked for. Some of what is answered may have gone since it was listed, or
 * have come: whoever repairs looks again. At the signal it rejects with its reason, whatever it is at.
 */
export function lookAtAll(
  { store, blobs }: { readonly store: Store; readonly blobs: Pick<Blobs, 'list'> },
  {
    settledMs,
    overdueMs,
    signal,
  }: { readonly settledMs: number; readonly overdueMs: number; readonly signal: AbortSignal },
): Promise<Seen> {
  return store.transaction((transaction) =>
    untilStopped({ store, transaction, signal }, async () => {
      await transaction.run(sql.create);
      for await (const keys of pagesOf(blobs.list(''))) {
        signal.throwIfAborted();
        // What is noted of erasures is of no row, and stays for good.
        await transaction.run(sql.add, [keys.filter((key) => !key.startsWith(ERASURE_NOTES))]);
      }
      await transaction.run(sql.analyze);
      const [lookedAt] = await transaction.run<CheckReport['lookedAt']>(sql.count);
      const on = { transaction, signal };
      const [settled, overdue] = [new Date(settledMs), new Date(overdueMs)];
      return {
        lookedAt: lookedAt ?? { blobs: 0, pictures: 0, snapshots: 0, captures: 0 },
        missingPictures: await some<NamedPicture>(on, sql.pictures, [settled, ROWS_MAX]),
        missingSnapshots: await some<NamedSnapshot>(on, sql.snapshots, [settled, ROWS_MAX]),
        orphans: await some<Keyed>(on, sql.orphans, [ROWS_MAX]),
        neverAnalysed: await some<WaitingFrame>(on, sql.waiting, [settled, ROWS_MAX]),
        undeleted: await some<Keyed>(on, sql.undeleted, [overdue, ROWS_MAX]),
      };
    }),
  );
}

async function some<Row extends object>(
  { transaction, signal }: { readonly transaction: Queryable; readonly signal: AbortSignal },
  asked: Statement,
  values: readonly unknown[],
): Promise<Some<Row>> {
  signal.throwIfAborted();
  const rows = await transaction.run<Row & { readonly total: number }>(asked, values);
  return { rows, total: rows[0]?.total ?? 0 };
}

async function* pagesOf(keys: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let page: string[] = [];
  for await (const key of keys) {
    if (page.push(key) < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
