import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFilesystemBlobs } from '../blobs/filesystem.ts';
import type { Clock } from '../clock/clock.ts';
import type { LogTopic } from '../log/log.ts';
import { createPostgresLog, migratePostgresLog, type PostgresLog } from '../log/postgres.ts';
import { startDatabase } from './database-under-test.ts';
import { migrate } from './migrate.ts';
import { createPostgresStore } from './postgres.ts';
import type { Store } from './store.ts';

/** What a service stands on in the embedded profile, real and empty, for one test file. */
export interface ServicesUnderTest {
  readonly connectionString: string;
  readonly store: Store;
  readonly blobsFolder: string;
  /** A store, log or blob folder as another process would open it. */
  openStore(name: string): Store;
  openLog(clock: Clock): Promise<PostgresLog>;
  openBlobs(): ReturnType<typeof createFilesystemBlobs>;
  /** All rows of a table, in no particular order. */
  rows<Row extends object>(table: string): Promise<Row[]>;
  stop(): Promise<void>;
}

export async function startServices({
  migrations,
  topics = [],
  partitionCount = 2,
  database = startDatabase,
}: {
  readonly migrations: URL;
  readonly topics?: readonly LogTopic[];
  readonly partitionCount?: number;
  /** Another than one of its own. */
  readonly database?: typeof startDatabase;
}): Promise<ServicesUnderTest> {
  const blobsFolder = await mkdtemp(join(tmpdir(), 'passerby-blobs-'));
  const { connectionString, stop } = await database();
  await migratePostgresLog(connectionString);
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  const stores: Store[] = [];
  const openStore = (name: string) => {
    const store = createPostgresStore({ connectionString, connectionsMax: 6, name });
    stores.push(store);
    return store;
  };
  const store = openStore('test');
  return {
    connectionString,
    store,
    blobsFolder,
    openStore,
    openLog: (clock) => createPostgresLog({ store: openStore('log'), clock, partitionCount, topics }),
    openBlobs: () => createFilesystemBlobs({ folder: blobsFolder }),
    rows: (table) => store.run({ name: `rows-of-${table}`, text: `table ${table}` }),
    stop: async () => {
      await Promise.all(stores.map((opened) => opened.close()));
      await stop();
      await rm(blobsFolder, { recursive: true, force: true });
    },
  };
}
