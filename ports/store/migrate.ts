import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

export interface MigrationOptions {
  readonly connectionString: string;
  /** Folder of plain .sql files, run in the order of their names. */
  readonly folder: URL;
  /** Where the names of those that ran are kept: one table per folder. */
  readonly table: string;
  readonly onMigrated?: (name: string) => void;
}

/** Brings the schema up to date. Two processes that try at once wait for each other. */
export async function migrate({ connectionString, folder, table, onMigrated }: MigrationOptions): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'passerby migrations' });
  // The migration that a lost connection interrupts says so itself; unheard, the event would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const done = await runner({
      dbClient: client,
      dir: fileURLToPath(folder),
      migrationsTable: table,
      direction: 'up',
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    for (const { name } of done) onMigrated?.(name);
  } finally {
    await client.end();
  }
}
