import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { destination, pino, stdSerializers } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { migrations, runAggregator } from '../aggregator/aggregator.ts';
import { registerConsole } from '../console/app.ts';
import { createBasicAccess } from '../http/access/basic.ts';
import { createUsers } from '../http/access/users.ts';
import { registerHealth } from '../http/health.ts';
import { InvalidConfig, readConfig } from '../http/read-config.ts';
import { createServer } from '../http/server.ts';
import { registerIngest } from '../ingest/app.ts';
import { createFilesystemBlobs } from '../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { FolderInUse, lockFolder } from '../ports/folder-lock.ts';
import { DatabaseInUse, holdLog } from '../ports/log/hold.ts';
import { createPostgresLog, migratePostgresLog } from '../ports/log/postgres.ts';
import { createLagWatch } from '../ports/log/watch-lag.ts';
import { type Parts, runProcess } from '../ports/process.ts';
import { startEmbeddedServer } from '../ports/store/embedded/server.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { runProcessor } from '../processor/processor.ts';
import { readers } from '../schemas/readers.ts';
import { topics } from '../schemas/topics.ts';
import { type EmbeddedConfig, embeddedConfig } from './config.ts';
import { runDemo } from './demo.ts';
import { greeting } from './greeting.ts';

/** The embedded profile (`npm start`): every service in one process, with nothing but Node. */
const PARTITIONS = 4;
const STOP_WITHIN_MS = 10_000;
/** Uploads that are still coming in when it stops get this long. */
const UPLOADS_GRACE_MS = 4_000;
const LAG_EVERY_MS = 2_000;
const TRIM_EVERY_MS = 60_000;

const logger = pino(
  { level: process.env.LOG_LEVEL || 'warn', base: null, serializers: { error: stdSerializers.err } },
  destination(2),
);

await runProcess({ logger, stopWithinMs: STOP_WITHIN_MS, explain }, async (parts) => {
  const { values: options } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
  const config = readConfig(embeddedConfig, process.env);
  const { connectionString, folder } = await openDatabase(parts, config);
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });

  const open = (name: string, connectionsMax: number) => {
    const store = createPostgresStore({ connectionString, connectionsMax, name });
    parts.started(`store of ${name}`, () => store.close());
    return store;
  };
  const [ingestStore, logStore, aggregatorStore, consoleStore] = [
    open('ingest', 6),
    open('log', 12),
    open('aggregator', 8),
    open('console', 4),
  ];
  const blobs = createFilesystemBlobs({ folder: join(folder, 'blobs') });
  const log = await createPostgresLog({
    store: logStore,
    clock,
    partitionCount: PARTITIONS,
    topics: Object.entries(topics).map(([name, { cleanup, retentionMs }]) => ({ name, cleanup, retentionMs })),
  });
  const lag = createLagWatch({ log, readers, metrics });
  const users = createUsers({ store: consoleStore });
  const administrator = await users.ensureAdministrator(
    config.ADMIN_PASSWORD === undefined ? {} : { password: config.ADMIN_PASSWORD },
  );

  parts.every('lag', LAG_EVERY_MS, () => lag.look());
  parts.every('trim', TRIM_EVERY_MS, () => log.trim());
  parts.run('aggregator', (signal) =>
    runAggregator({ log, store: aggregatorStore, clock, logger, metrics, config }, signal),
  );
  parts.run('processor', (signal) => runProcessor({ log, blobs, logger, metrics, config }, signal));

  const app = createServer({ logger, metrics, timeouts: { closeGraceMs: UPLOADS_GRACE_MS } });
  registerHealth(app, { ready: { database: () => ingestStore.check(), blobs: () => blobs.check() } });
  await registerIngest(app, { store: ingestStore, blobs, log, clock, metrics, config });
  const { requireUser } = createBasicAccess({ users, nowMs: clock.nowMs });
  await registerConsole(app, { store: consoleStore, blobs, clock, lag, requireUser });
  const url = await app.listen({ host: config.HOST, port: config.PORT });
  parts.started('http', () => app.close());

  if (options.demo) parts.run('demo', (signal) => runDemo({ url, logger }, signal));
  process.stdout.write(
    greeting({
      url,
      password: administrator.password,
      passwordGiven: config.ADMIN_PASSWORD !== undefined,
      demo: options.demo,
      dataDir: config.DATA_DIR,
    }),
  );
});

async function openDatabase(parts: Parts, config: EmbeddedConfig) {
  const folder = resolve(config.DATA_DIR);
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(folder);
  parts.started('folder lock', () => lock.release());
  let connectionString = config.DATABASE_URL;
  if (connectionString === undefined) {
    const server = await startEmbeddedServer({ folder, log: logger });
    parts.started('PostgreSQL', () => server.stop());
    connectionString = server.connectionString;
  }
  const hold = await holdLog(connectionString, logger);
  parts.started('database lock', () => hold.release());
  await migratePostgresLog(connectionString);
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  return { connectionString, folder };
}

/** Faults that their reader can mend are told in words; only others come with a stack. */
function explain(error: unknown): string {
  if (error instanceof InvalidConfig || error instanceof FolderInUse || error instanceof DatabaseInUse)
    return error.message;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    return 'The port is taken by another program. Choose another one: PORT=8081 npm start';
  }
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${(error as Error).message}\nUsage: npm start [-- --demo]`;
  return `Passerby could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
