import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { Unusable } from '../../ports/errors.ts';
import { FolderInUse, lockFolder } from '../../ports/folder-lock.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { holdLock } from '../../ports/store/hold-lock.ts';
import { statement } from '../../ports/store/statement.ts';
import { requireWhole } from '../preflight.ts';

const sql = {
  lockBackup: statement(import.meta.url, './sql/lock-backup.sql'),
  lockRetention: statement(import.meta.url, './sql/lock-retention.sql'),
};
/** One that is just starting has a database in a moment. */
const CONNECT_WITHIN_MS = 60_000;
const RETRY_MS = 250;
const [LOCK_NOT_AVAILABLE, UNDEFINED_TABLE] = ['55P03', '42P01'];

/** An installation of the embedded profile, to be read from while it runs, or while nobody uses it. */
export async function openInstallation(dataDir: string) {
  if (!existsSync(join(dataDir, 'postgres'))) throw new Unusable(`DATA_DIR=${dataDir} has no database to back up.`);
  const folder = realpathSync(dataDir);
  requireWhole(folder);
  const own = await startOwn(folder);
  try {
    const { client, alone } = own ? await connect(own.connectionString) : await connectToRunning(folder);
    // What runs is of an older release, whose locks are others; where nothing runs, there is nobody to be kept out.
    if (!own && !alone) {
      await client.end();
      throw new Unusable(`What runs in ${folder} is older than this. Start it anew, then make a backup.`);
    }
    return {
      folder,
      client,
      blobs: createFilesystemBlobs({ folder: join(folder, 'blobs'), known: true, shared: own === null }),
      async close() {
        await client.end().catch(() => undefined);
        await alone?.end().catch(() => undefined);
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

async function connectToRunning(folder: string) {
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

async function connect(connectionString: string) {
  const config = { connectionString, application_name: 'passerby backup', keepAlive: true };
  const alone = await holdLocks(config);
  const client = new pg.Client(config);
  // Whatever is under way when the connection breaks says so itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await alone?.end();
    throw error;
  }
  return { client, alone };
}

/** Null where there are no such locks yet. */
async function holdLocks(config: pg.ClientConfig): Promise<pg.Client | null> {
  try {
    const alone = await holdLock(config, sql.lockBackup);
    await alone.query(sql.lockRetention.text);
    return alone;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === UNDEFINED_TABLE) return null;
    if (code === LOCK_NOT_AVAILABLE) throw new Unusable('Another backup of this installation is being made.');
    throw error;
  }
}
