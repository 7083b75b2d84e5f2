import type pg from 'pg';
import { statement } from '../../../ports/store/statement.ts';
import { TABLES, type Table } from './copy-slice.ts';

const sql = {
  compress: statement(import.meta.url, './sql/compress-chunks.sql'),
  listRefreshes: statement(import.meta.url, './sql/list-refreshes.sql'),
  runJob: statement(import.meta.url, './sql/run-job.sql'),
  vacuum: statement(import.meta.url, './sql/vacuum.sql'),
  sizes: statement(import.meta.url, './sql/table-sizes.sql'),
  savings: statement(import.meta.url, './sql/columnstore-savings.sql'),
  digest: statement(import.meta.url, './sql/digest-tables.sql'),
};

export interface Digest {
  readonly name: Table;
  readonly rows: number;
  readonly digest: string | null;
}

export interface TableSize {
  readonly rows: number;
  /** With indexes; as it would be if nothing had been compressed, and as it is. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Compresses what would be by that time. */
export async function compressUntil(client: pg.Client, untilMs: number): Promise<void> {
  await client.query(sql.compress.text, [new Date(untilMs)]);
}

/** What jobs of the server do now and then: sums by the hour are brought up to date, by their own policies. */
export async function refreshRollups(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ job_id: number }>(sql.listRefreshes.text);
  for (const { job_id } of rows) await client.query(sql.runJob.text, [job_id]);
}

export async function vacuum(client: pg.Client): Promise<void> {
  await client.query(sql.vacuum.text);
}

/** Throws where two databases do not have the same rows; answers how many there are in each table. */
export async function requireSameRows(one: pg.Client, other: pg.Client): Promise<Readonly<Record<Table, number>>> {
  const [expected, found] = [await digestsOf(one), await digestsOf(other)];
  for (const table of TABLES) {
    const [a, b] = [expected.get(table), found.get(table)];
    if (!a || a.rows !== b?.rows || a.digest !== b.digest) {
      throw new Error(`${table} differ: ${a?.rows} rows were written, ${b?.rows} are in the other database`);
    }
  }
  const rowsOf = (table: Table) => expected.get(table)?.rows ?? 0;
  return Object.fromEntries(TABLES.map((table) => [table, rowsOf(table)])) as Record<Table, number>;
}

async function digestsOf(client: pg.Client): Promise<ReadonlyMap<Table, Digest>> {
  const { rows } = await client.query<Digest & { rows: string }>(sql.digest.text);
  return new Map(rows.map((row) => [row.name, { ...row, rows: Number(row.rows) }]));
}

export async function sizesOf(
  client: pg.Client,
  { rows, hasTimescale }: { readonly rows: Readonly<Record<Table, number>>; readonly hasTimescale: boolean },
): Promise<Readonly<Record<Table, TableSize>>> {
  const after = await bytesBy(client, sql.sizes.text);
  const savings = hasTimescale ? await bytesBy(client, sql.savings.text) : new Map<string, number>();
  const sizeOf = (table: Table): TableSize => {
    const bytesAfter = after.get(table) ?? 0;
    return { rows: rows[table], bytesBefore: bytesAfter + (savings.get(table) ?? 0), bytesAfter };
  };
  return Object.fromEntries(TABLES.map((table) => [table, sizeOf(table)])) as Record<Table, TableSize>;
}

async function bytesBy(client: pg.Client, text: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ name: string; bytes: string }>(text);
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}
