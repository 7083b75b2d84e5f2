import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { Unusable } from '../errors.ts';
import { holdLock } from './hold-lock.ts';
import { SERVER_OPTIONS } from './server-options.ts';
import { statement } from './statement.ts';

const lockMigrating = statement(import.meta.url, './sql/lock-migrating.sql');
const listMigrated = {
  migrations: statement(import.meta.url, './sql/list-migrations.sql'),
  log_migrations: statement(import.meta.url, './sql/list-log-migrations.sql'),
};
const UNDEFINED_TABLE = '42P01';

export interface MigrationOptions {
  readonly connectionString: string;
  /** Folder of plain .sql files, run in the order of their names. */
  readonly folder: URL;
  /** Where the names of those that ran are kept: one table per folder. */
  readonly table: keyof typeof listMigrated;
  /** How many of the next to run; all, unless it is said. */
  readonly count?: number;
  /** What a migration went on without. */
  onWarning?(warning: string): void;
}

/** Brings the schema up to date. Two processes that try at once wait for each other; tables of a newer release are `Unusable`. */
export async function migrate(options: MigrationOptions): Promise<void> {
  const { connectionString, folder, table, count = Number.POSITIVE_INFINITY, onWarning } = options;
  const config = { connectionString, application_name: 'passerby migrations', connectionTimeoutMillis: 10_000 };
  const alone = await holdLock(config, lockMigrating);
  const client = new pg.Client({ ...config, options: SERVER_OPTIONS });
  // The migration that a lost connection interrupts says so itself; unheard, the event would end the process.
  client.on('error', () => undefined);
  client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING' && message) onWarning?.(message);
  });
  try {
    await client.connect();
    await refuseNewer(client, options);
    await runner({
      dbClient: client,
      dir: fileURLToPath(folder),
      migrationsTable: table,
      direction: 'up',
      count,
      // Its own would be an advisory one.
      noLock: true,
      log: () => undefined,
    });
  } finally {
    await client.end();
    await alone.end();
  }
}

/** An older program would write into them what they no longer mean. */
async function refuseNewer(client: pg.Client, { folder, table }: MigrationOptions): Promise<void> {
  const known = new Set((await readdir(folder)).map((file) => basename(file, '.sql')));
  const newer = (await migrated(client, table)).find((name) => !known.has(name));
  if (newer === undefined) return;
  throw new Unusable(
    `The database's tables are of a newer release (${newer}). Start that one, or restore a backup that this one made.`,
  );
}

/** The newest first; none in a database that is new. */
async function migrated(client: pg.Client, table: MigrationOptions['table']): Promise<readonly string[]> {
  try {
    const { rows } = await client.query<{ name: string }>(listMigrated[table].text);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
