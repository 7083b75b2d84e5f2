import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type pg from 'pg';
import { copyIn, copyOut } from '../../ports/store/copy.ts';
import { statement } from '../../ports/store/statement.ts';
import { Damaged, type Manifest, type TablePart } from './manifest.ts';
import { createMeasure, sha256OfFile } from './measure.ts';
import type { Progress } from './progress.ts';

/**
 * The database, as a file for each table in the text format of COPY: any PostgreSQL reads it, of whatever version and
 * on whatever machine, and `zcat` shows it to people.
 */
const sql = {
  snapshotAt: statement(import.meta.url, './sql/snapshot-at.sql'),
  tables: statement(import.meta.url, './sql/tables.sql'),
  sequences: statement(import.meta.url, './sql/sequences.sql'),
  setSequence: statement(import.meta.url, './sql/set-sequence.sql'),
  migrations: statement(import.meta.url, './sql/migrations.sql'),
  logMigrations: statement(import.meta.url, './sql/log-migrations.sql'),
};

/** Beyond it a table shrinks little more, and takes several times as long. */
const GZIP_LEVEL = 3;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly copy_out: string;
  readonly copy_in: string;
  readonly empty: string;
}

type DatabasePart = Pick<Manifest, 'snapshot_at' | 'postgres' | 'migrations' | 'tables' | 'sequences'>;

/** All tables as they are at one moment, whatever is written meanwhile; and nobody waits for it. */
export async function writeTables(client: pg.Client, backup: string, progress: Progress): Promise<DatabasePart> {
  mkdirSync(join(backup, 'tables'), { mode: 0o700 });
  await client.query('begin isolation level repeatable read read only');
  const [snapshot] = (await client.query<{ at: Date; server: string }>(sql.snapshotAt.text)).rows;
  const names = async ({ text }: { readonly text: string }) =>
    (await client.query<{ name: string }>(text)).rows.map(({ name }) => name);
  const migrations = { log: await names(sql.logMigrations), tables: await names(sql.migrations) };
  const { rows: found } = await client.query<Table>(sql.tables.text);
  progress.begin('tables', found.length);
  const tables: TablePart[] = [];
  for (const table of found) tables.push(await writeTable(client, backup, table, progress));
  // Numbers are given out outside of transactions: asked last, they are beyond those of every row that was copied.
  const { rows: sequences } = await client.query<{ name: string; value: string }>(sql.sequences.text);
  await client.query('commit');
  return {
    snapshot_at: snapshot?.at.toISOString() ?? '',
    postgres: snapshot?.server ?? '',
    migrations,
    tables,
    sequences,
  };
}

async function writeTable(
  client: pg.Client,
  backup: string,
  { name, columns, copy_out }: Table,
  progress: Progress,
): Promise<TablePart> {
  const { stream, rows } = copyOut(client, copy_out);
  const measure = createMeasure((bytes) => progress.add(bytes));
  const file = createWriteStream(fileOf(backup, name), { mode: 0o600, flags: 'wx', flush: true });
  await pipeline(stream, createGzip({ level: GZIP_LEVEL }), measure.stream, file);
  progress.add(0, 1);
  return { name, columns: [...columns], rows: rows(), bytes: measure.bytes(), sha256: measure.sha256() };
}

/**
 * Into the tables of a database that nobody else uses, which has the backup's migrations and no others: all of it, or,
 * where something is not as it was written, nothing. Answers which tables have no place here, since
 * somebody else made them.
 */
export async function readTables(
  client: pg.Client,
  { backup, manifest, progress }: { readonly backup: string; readonly manifest: Manifest; readonly progress: Progress },
): Promise<readonly string[]> {
  const { rows: there } = await client.query<Table>(sql.tables.text);
  const byName = new Map(there.map((table) => [table.name, table]));
  const unplaced: string[] = [];
  progress.begin('tables', manifest.tables.length);
  await client.query('begin');
  // Rows are as they were when everything was in order: no trigger is to do its work a second time, and a table may
  // come before one that it refers to.
  await client.query('set local session_replication_role = replica');
  for (const { empty } of there) await client.query(empty);
  for (const part of manifest.tables) {
    const table = byName.get(part.name);
    if (table) {
      requireSameColumns(backup, part, table);
      const { stream, rows } = copyIn(client, table.copy_in);
      await readPart(backup, part, stream, progress);
      if (rows() !== part.rows)
        throw new Damaged(backup, `${part.name} has ${rows()} rows and should have ${part.rows}`);
    } else unplaced.push(part.name);
    progress.add(0, 1);
  }
  for (const { name, value } of manifest.sequences) await client.query(sql.setSequence.text, [name, value]);
  await client.query('commit');
  // Until it has figures of what there is, the server looks in the wrong places.
  await client.query('analyze');
  return unplaced;
}

/** Rows that fit nowhere in a table of ours would be lost in silence. */
function requireSameColumns(backup: string, { name, columns }: TablePart, table: Table): void {
  const [more, fewer] = [without(columns, table.columns), without(table.columns, columns)];
  if (more.length + fewer.length === 0) return;
  const differences = [
    ...more.map((column) => `has a column "${column}" that none of ours has`),
    ...fewer.map((column) => `lacks its column "${column}"`),
  ];
  throw new Damaged(backup, `${name} ${differences.join(' and ')}`);
}

const without = (names: readonly string[], others: readonly string[]) => names.filter((name) => !others.includes(name));

export async function verifyTables(backup: string, manifest: Manifest, progress: Progress): Promise<void> {
  progress.begin('tables', manifest.tables.length);
  for (const part of manifest.tables) {
    await readPart(backup, part, new Writable({ write: (_chunk, _encoding, done) => done() }), progress);
    progress.add(0, 1);
  }
}

/** What has been read is only believed if this resolves. */
async function readPart(backup: string, part: TablePart, to: Writable, progress: Progress): Promise<void> {
  const file = fileOf(backup, part.name);
  const measure = createMeasure((bytes) => progress.add(bytes));
  try {
    await pipeline(createReadStream(file), measure.stream, createGunzip(), to);
  } catch (error) {
    // What the server or the unpacking stumbled over may be no fault of theirs.
    if ((await sha256OfFile(file)) !== part.sha256)
      throw new Damaged(backup, `${part.name}: ${(error as Error).message}`);
    throw error;
  }
  if (measure.sha256() !== part.sha256) throw new Damaged(backup, `${part.name} has been changed`);
}

function fileOf(backup: string, table: string): string {
  return join(backup, 'tables', `${encodeURIComponent(table)}.copy.gz`);
}
