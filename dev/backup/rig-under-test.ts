import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { migrations } from '../../aggregator/aggregator.ts';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { createPostgresLog, migratePostgresLog } from '../../ports/log/postgres.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { migrate } from '../../ports/store/migrate.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { logTopics } from '../../schemas/topics.ts';
import { PARTITIONS } from '../config.ts';
import { readManifest } from './manifest.ts';
import type { Progress } from './progress.ts';
import { findBackup } from './target.ts';

export const silent: Progress = { begin: () => undefined, add: () => undefined, end: () => undefined };

/** A folder for one test, and data folders in it. */
export function makeRoom() {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-backup-'));
  return {
    path: (name: string) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  };
}

/** The database of a data folder that nobody else uses just now. */
export async function withDatabase<Result>(
  folder: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
  try {
    const client = new pg.Client({ connectionString: server.connectionString });
    await client.connect();
    return await work(client).finally(() => client.end());
  } finally {
    await server.stop();
  }
}

/** An installation as `npm start` leaves it, with tables as after so many migrations. */
export async function makeInstallation(folder: string, migrationCount?: number): Promise<void> {
  mkdirSync(folder);
  const server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
  const { connectionString } = server;
  await migratePostgresLog(connectionString);
  const count = migrationCount === undefined ? {} : { count: migrationCount };
  await migrate({ connectionString, folder: migrations, table: 'migrations', ...count });
  const store = createPostgresStore({ connectionString, connectionsMax: 1, name: 'test' });
  await createPostgresLog({ store, clock, topics: logTopics, partitionCount: PARTITIONS });
  await store.close();
  await server.stop();
  blobsOf(folder);
}

export function blobsOf(folder: string) {
  return createFilesystemBlobs({ folder: join(folder, 'blobs') });
}

/** The newest of a folder of backups, as `npm run restore` takes it. */
export function newestOf(folder: string) {
  const { backup, target } = findBackup(folder);
  return { backup, target, manifest: readManifest(backup), progress: silent };
}

/** All that is kept in a data folder, in words that two can be compared by. */
export async function contentsOf(folder: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  await withDatabase(folder, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', nspname, relname) as name
       from pg_class join pg_namespace on pg_namespace.oid = relnamespace
       where relkind in ('r', 'p') and nspname !~ '^(pg_|information_schema)' and relname !~ 'migrations$'`,
    );
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`select t::text as line from ${name} t order by 1`);
      const text = rows.map(({ line }) => line).join('\n');
      contents[name] = `${rows.length} rows ${createHash('sha256').update(text).digest('hex')}`;
    }
    const { rows: sequences } = await client.query<{ name: string; value: string }>(
      `select sequencename as name, last_value as value from pg_sequences where sequencename !~ 'migrations_id_seq$'`,
    );
    for (const { name, value } of sequences) contents[`sequence ${name}`] = `${value}`;
  });
  const blobs = blobsOf(folder);
  for await (const key of blobs.list('')) {
    const bytes = (await blobs.get(key)) ?? Buffer.alloc(0);
    contents[key] = createHash('sha256').update(bytes).digest('hex');
  }
  return contents;
}
