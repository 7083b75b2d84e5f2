import { join } from 'node:path';
import { pino } from 'pino';
import { migrations } from '../../aggregator/aggregator.ts';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { findFreePort } from '../../ports/free-ports.ts';
import { createPostgresLog, migratePostgresLog } from '../../ports/log/postgres.ts';
import { startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import { migrate } from '../../ports/store/migrate.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { logTopics } from '../../schemas/topics.ts';
import { PARTITIONS } from '../config.ts';
import { createDeath, createServiceProcess, untilReady } from '../crash/service-process.ts';
import type { CreateTarget } from './target.ts';

const PASSWORD = 'only-for-this-run';

/**
 * `npm start` as its own process, on the PostgreSQL that it brings; only that we have started that, so that its log can
 * be filled before and its tables be read after.
 */
export const createEmbeddedTarget: CreateTarget = async ({ folder }) => {
  const server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
  const { connectionString } = server;
  await migratePostgresLog(connectionString);
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  const open = (name: string) => createPostgresStore({ connectionString, connectionsMax: 4, name: `poison ${name}` });
  const store = open('tables');
  const log = await createPostgresLog({ store: open('log'), clock, topics: logTopics, partitionCount: PARTITIONS });
  const dataDir = join(folder, 'data');
  const [port, { died, tell }] = [await findFreePort(), createDeath()];
  const service = createServiceProcess({
    program: 'dev/all.ts',
    env: { DATABASE_URL: connectionString, DATA_DIR: dataDir, PORT: String(port), ADMIN_PASSWORD: PASSWORD },
    logFile: join(folder, 'service.log'),
    onDied: tell,
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    store,
    log,
    blobs: createFilesystemBlobs({ folder: join(dataDir, 'blobs') }),
    partitions: PARTITIONS,
    url,
    password: PASSWORD,
    died,
    async start() {
      service.start();
      await Promise.race([untilReady(url), died]);
    },
    stop: () => service.stop(),
    async close() {
      await service.stop();
      await log.close();
      await store.close();
      await server.stop();
    },
  };
};
