import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { migrations } from '../../aggregator/aggregator.ts';
import { applyErasures } from '../../console/erasures/apply.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { Unusable } from '../../ports/errors.ts';
import { lockFolder } from '../../ports/folder-lock.ts';
import { createPostgresLog, logMigrations } from '../../ports/log/postgres.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { migrate } from '../../ports/store/migrate.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { syncFolder } from '../../ports/sync-folder.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import type { ErasureNote } from '../../schemas/erasure-note.ts';
import { logTopics } from '../../schemas/topics.ts';
import { PARTITIONS } from '../config.ts';
import { ownSecretFile } from '../own-secret.ts';
import { makeFolder, RESTORING } from '../preflight.ts';
import { writeWhole } from '../write-whole.ts';
import { readBlobs } from './blob-parts.ts';
import { readOtherNotes } from './erasure-notes.ts';
import { SECRET_FILE } from './make-backup.ts';
import { Damaged, type Manifest } from './manifest.ts';
import type { Progress } from './progress.ts';
import { readTables, verifyTables } from './table-parts.ts';
import type { Target } from './target.ts';

interface Source {
  readonly backup: string;
  readonly target: Target;
  readonly manifest: Manifest;
  readonly progress: Progress;
}

interface Restored {
  /** Tables of the backup that have no place here. */
  readonly unplaced: readonly string[];
  /** How many were carried out again. */
  readonly erasures: number;
  /** Other backups that could not be asked what was erased since. */
  readonly damaged: readonly string[];
}

/** What may lie in a data folder that is new: a disk's own folder, and what a lock leaves. */
const NOTHING = /^(lost\+found|passerby\.lock.*)$/;

export async function verifyBackup(source: Source): Promise<void> {
  readSecret(source);
  await verifyTables(source.backup, source.manifest, source.progress);
  await readBlobs({ ...source, use: async () => undefined });
}

/**
 * In place, since a data folder may be a disk of its own, to which nothing can be renamed; so a file says that it is
 * not whole yet until it is.
 */
export async function restoreBackup(
  source: Source & { readonly dataDir: string; readonly notes?: readonly ErasureNote[] },
): Promise<Restored> {
  const { manifest, backup, target, progress, notes = [] } = source;
  requireKnown(manifest.migrations.tables, migrations);
  requireKnown(manifest.migrations.log, logMigrations);
  const secret = readSecret(source);
  const others = await readOtherNotes(backup, target, progress);
  const folder = makeFolder(source.dataDir);
  const lock = lockFolder(folder);
  try {
    await begin(folder);
    const restored = await fill(folder, { ...source, notes: [...notes, ...others.notes] });
    if (secret !== null) writeWhole(ownSecretFile(folder), secret);
    await syncFolder(folder);
    rmSync(join(folder, RESTORING));
    await syncFolder(folder);
    return { ...restored, damaged: others.damaged };
  } finally {
    lock.release();
  }
}

async function fill(folder: string, source: Source & { readonly notes: readonly ErasureNote[] }) {
  const server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
  try {
    const { connectionString } = server;
    const unplaced = await restoreDatabase(connectionString, source);
    const blobs = createFilesystemBlobs({ folder: join(folder, 'blobs') });
    await readBlobs({ ...source, use: (key, bytes) => blobs.put(key, bytes) });
    source.progress.begin('erasures');
    return { unplaced, erasures: await eraseAgain({ connectionString, blobs, notes: source.notes }) };
  } finally {
    await server.stop();
  }
}

async function restoreDatabase(connectionString: string, { backup, manifest, progress }: Source) {
  const log = { connectionString, folder: logMigrations, table: 'log_migrations' } as const;
  const tables = { connectionString, folder: migrations, table: 'migrations' } as const;
  // First as it was when the backup was made; what has been changed since is then done to its rows too.
  await migrate({ ...log, count: manifest.migrations.log.length });
  await migrate({ ...tables, count: manifest.migrations.tables.length });
  const client = new pg.Client({ connectionString, application_name: 'passerby restore', keepAlive: true });
  client.on('error', () => undefined);
  await client.connect();
  const unplaced = await readTables(client, { backup, manifest, progress }).finally(() => client.end());
  await migrate(log);
  await migrate(tables);
  return unplaced;
}

/** Of rows, pictures and the log; the processor is told to forget when it starts. */
async function eraseAgain({
  connectionString,
  blobs,
  notes,
}: {
  readonly connectionString: string;
  readonly blobs: Blobs;
  readonly notes: readonly ErasureNote[];
}): Promise<number> {
  const store = createPostgresStore({ connectionString, connectionsMax: 4, name: 'restore' });
  try {
    const log = await createPostgresLog({ store, clock, topics: logTopics, partitionCount: PARTITIONS });
    return (await applyErasures({ store, log, blobs, codec, clock }, { notes })).length;
  } finally {
    await store.close();
  }
}

async function begin(folder: string): Promise<void> {
  const names = readdirSync(folder).filter((name) => !NOTHING.test(name));
  if (names.length > 0 && !names.includes(RESTORING)) {
    throw new Unusable(
      `${folder} is not empty (${names.slice(0, 3).join(', ')}). A backup is restored into an empty folder: move what is there out of the way.`,
    );
  }
  writeWhole(join(folder, RESTORING), '');
  await syncFolder(folder);
  // Of a restore that was broken off: the folder was empty before it.
  for (const name of names) if (name !== RESTORING) rmSync(join(folder, name), { recursive: true, force: true });
}

/** As many of the migrations as the backup has are run before its rows come: so those have to be the same ones. */
function requireKnown(names: readonly string[], folder: URL): void {
  const known = readdirSync(folder)
    .map((file) => file.replace(/\.sql$/, ''))
    .sort();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Unusable(
      `The backup is of a newer Passerby: this one does not know ${unknown.join(', ')}. Update it first, then restore.`,
    );
  }
  const at = names.findIndex((name, place) => name !== known[place]);
  if (at < 0) return;
  throw new Unusable(
    `The backup is of another Passerby than this one came of: its tables were changed by ${names[at]} where this one has ` +
      `${known[at]}. Restore it with the one that made it.`,
  );
}

function readSecret({ backup, manifest: { server_secret: kept } }: Source): string | null {
  if (typeof kept === 'string') return null;
  let secret: string;
  try {
    secret = readFileSync(join(backup, SECRET_FILE), 'utf8');
  } catch (error) {
    throw new Damaged(backup, (error as Error).message);
  }
  if (createHash('sha256').update(secret).digest('hex') === kept.sha256) return secret;
  throw new Damaged(backup, `${SECRET_FILE} has been changed`);
}
