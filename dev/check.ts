/**
 * `npm run check -- --repair`: compares rows, pictures and the log of either profile, and makes them agree.
 */

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type OpenedStores, readArguments, runCheckCommand, USAGE } from '../aggregator/check/command.ts';
import { PATIENT_MS } from '../aggregator/check/keep-check.ts';
import { readConfig } from '../http/read-config.ts';
import { createFilesystemBlobs } from '../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { Unusable } from '../ports/errors.ts';
import { FolderInUse, lockFolder } from '../ports/folder-lock.ts';
import { createPostgresLog } from '../ports/log/postgres.ts';
import { startEmbeddedServer } from '../ports/store/embedded/server.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { requireTables } from '../ports/store/require-tables.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { embeddedConfig, PARTITIONS } from './config.ts';

const options = readArguments(process.argv.slice(2));
const { profile = process.env.KAFKA_BROKERS ? 'production' : 'embedded' } = options;

if (options.help) console.log(USAGE);
else if (profile === 'production') await import('../aggregator/check/main.ts');
else if (profile === 'embedded') process.exitCode = await runCheckCommand(options, openEmbedded);
else {
  console.error(USAGE);
  process.exitCode = 2;
}

async function openEmbedded(): Promise<OpenedStores> {
  const config = readConfig(embeddedConfig, process.env);
  if (!existsSync(config.DATA_DIR)) throw new Unusable(`There is no DATA_DIR=${config.DATA_DIR}: nothing to check.`);
  const folder = realpathSync(config.DATA_DIR);
  const database = await findDatabase(folder, config.DATABASE_URL);
  try {
    const { connectionString } = database;
    const patient = { connectionString, connectionsMax: 4, name: 'check', statementTimeoutMs: PATIENT_MS };
    const patientStore = createPostgresStore(patient);
    await requireTables(patientStore);
    const blobs = createFilesystemBlobs({ folder: join(folder, 'blobs'), known: true, shared: true });
    const store = createPostgresStore({ connectionString, connectionsMax: 2, name: 'check' });
    const log = await createPostgresLog({ store, clock, partitionCount: PARTITIONS, topics: logTopics });
    return {
      kept: { store: patientStore, blobs, log, codec, clock, config },
      async close() {
        await log.close();
        await patientStore.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** That of a service that runs; or, where none does, started for as long as this takes. */
async function findDatabase(folder: string, given: string | undefined) {
  if (given !== undefined) return { connectionString: given, close: async () => undefined };
  const lock = lockUnlessInUse(folder);
  if (lock === null) {
    const connectionString = readFileSync(join(folder, 'postgres.url'), 'utf8').trim();
    return { connectionString, close: async () => undefined };
  }
  const server = await startEmbeddedServer({ folder, log: pino({ level: 'warn' }, pino.destination(2)) });
  return {
    connectionString: server.connectionString,
    async close() {
      await server.stop();
      lock.release();
    },
  };
}

function lockUnlessInUse(folder: string) {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUse) return null;
    throw error;
  }
}
