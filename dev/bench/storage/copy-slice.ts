import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { copyIn, copyOut } from '../../../ports/store/copy.ts';
import { statement } from '../../../ports/store/statement.ts';
import type { Slice } from './history.ts';

const setSlice = statement(import.meta.url, './sql/set-slice.sql');

/** What an event becomes rows of. */
export const TABLES = ['events', 'visits', 'occupancy_changes', 'event_counts'] as const;
export type Table = (typeof TABLES)[number];

const sql: Readonly<Record<Table, { readonly out: string; readonly into: string }>> = {
  events: copyStatements('events'),
  visits: copyStatements('visits'),
  occupancy_changes: copyStatements('occupancy'),
  event_counts: copyStatements('counts'),
};

function copyStatements(name: string) {
  const textOf = (way: 'out' | 'in') => statement(import.meta.url, `./sql/copy-${name}-${way}.sql`).text;
  return { out: textOf('out'), into: textOf('in') };
}

export interface Copied {
  readonly rows: number;
  /** How long it took to copy them in; not how long to have them out. */
  readonly ms: number;
}

/** Copies what was written of a slice into equal tables, in one transaction. */
export async function copySlice(
  { fromMs, toMs }: Slice,
  { written, copied }: { readonly written: pg.Client; readonly copied: pg.Client },
): Promise<Copied> {
  await written.query(setSlice.text, [new Date(fromMs), new Date(toMs)]);
  const texts = new Map<Table, Buffer>();
  for (const table of TABLES) texts.set(table, await buffer(copyOut(written, sql[table].out).stream));

  let rows = 0;
  const startMs = performance.now();
  await copied.query('begin');
  for (const [table, text] of texts) {
    const copy = copyIn(copied, sql[table].into);
    await pipeline(Readable.from(inBlocks(text)), copy.stream);
    rows += copy.rows();
  }
  await copied.query('commit');
  return { rows, ms: performance.now() - startMs };
}

const BLOCK_BYTES = 64 * 1024;

function* inBlocks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) yield bytes.subarray(at, at + BLOCK_BYTES);
}
