import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { Unusable } from '../../ports/errors.ts';
import { FolderInUse, lockFolder } from '../../ports/folder-lock.ts';
import { ADVISORY_LOCKS } from '../../ports/store/advisory-locks.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { statement } from '../../ports/store/statement.ts';
import { requireWhole } from '../preflight.ts';

const sql = {
  tryLock: statement(import.meta.url, './sql/try-lock-backup.sql'),
  lockRetention: statement(import.meta.url, './sql/lock-retention.sql'),
};
/** One that is just starting has a database in a moment. */
const CONNECT_WITHIN_MS = 60_000;
const RETRY_MS = 250;

/** An installation of the embedded profile, to be read from while it runs, or while nobody uses it. */
export async function openInstallation(dataDir: string) {
  if (!existsSync(join(dataDir, 'postgres'))) throw new Unusable(`DATA_DIR=${dataDir} has no database to back up.`);
  const folder = realpathSync(dataDir);
  requireWhole(folder);
  const own = await startOwn(folder);
  try {
    const client = own ? await connect(own.connectionString) : await connectToRunning(folder);
    return {
      folder,
      client,
      blobs: createFilesystemBlobs({ folder: join(folder, 'blobs'), known: true, shared: own === null }),
      async close() {
        await client.end().catch(() => undefined);
        await own?.stop();
      },
    };
  } catch (error) {
    await own?.stop();
    throw error;
  }
}

/** Null where somebody else has it running. */
async function startOwn(folder: string) {
  let lock: ReturnType<typeof lockFolder>;
  try {
    lock = lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUse) return null;
    throw error;
  }
  try {
    const server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
    return {
      connectionString: server.connectionString,
      async stop() {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function connectToRunning(folder: string): Promise<pg.Client> {
  for (const giveUpMs = performance.now() + CONNECT_WITHIN_MS; ; await sleep(RETRY_MS)) {
    try {
      // Written anew at each start, and so of another one until the server is up.
      return await connect(readFileSync(join(folder, 'postgres.url'), 'utf8').trim());
    } catch (error) {
      if (error instanceof Unusable) throw error;
      if (performance.now() > giveUpMs) {
        throw new Unusable(`The database of ${folder} does not answer: ${(error as Error).message}`);
      }
    }
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'passerby backup', keepAlive: true });
  // Whatever is under way when the connection breaks says so itself.
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ taken: boolean }>(sql.tryLock.text);
  if (!rows[0]?.taken) {
    await client.end();
    throw new Unusable('Another backup of this installation is being made.');
  }
  await client.query(sql.lockRetention.text, [ADVISORY_LOCKS.retention]);
  return client;
}
