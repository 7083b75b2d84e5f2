import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { destination, pino, stdSerializers } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import { migrations } from '../aggregator/aggregator.ts';
import { createDatabaseJobsWatch, WATCH_DATABASE_JOBS_EVERY_MS } from '../aggregator/watch-database-jobs.ts';
import { createDeviceWatch, WATCH_DEVICES_EVERY_MS } from '../aggregator/watch-devices.ts';
import { registerConsole } from '../console/app.ts';
import { diskLimits } from '../console/disk-config.ts';
import { createDiskWatch, LOOK_AT_DISKS_EVERY_MS } from '../console/disk-watch.ts';
import { createCarryOut, SWEEP_ERASURES_EVERY_MS } from '../console/erasures/carry-out.ts';
import { createLedgerWatch, LOOK_AT_LEDGERS_EVERY_MS } from '../console/ledger-watch.ts';
import { createLetterActions, SWEEP_LETTERS_EVERY_MS } from '../console/letter-actions.ts';
import { createLiveEvents, LOOK_FOR_EVENTS_EVERY_MS } from '../console/live-events/live-events.ts';
import { createConfigPublisher, SWEEP_EVERY_MS } from '../console/publish-configs.ts';
import { createAccess } from '../http/access/access.ts';
import { createDeviceAccess } from '../http/access/devices/device-access.ts';
import { requireLoopbackHost } from '../http/access/other-sites.ts';
import { registerBuildInfo } from '../http/build-info.ts';
import { registerHealth } from '../http/health.ts';
import { readConfig } from '../http/read-config.ts';
import { createServer } from '../http/server.ts';
import { listen, readTransport } from '../http/transport.ts';
import { registerIngest } from '../ingest/app.ts';
import { createDiskGuard, LOOK_AT_ROOM_EVERY_MS } from '../ingest/disk-guard.ts';
import { createListening, NOTE_LISTENING_EVERY_MS } from '../ingest/listening.ts';
import { createOutcomes, WRITE_OUTCOMES_EVERY_MS } from '../ingest/outcomes.ts';
import { createFilesystemBlobs } from '../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { lockFolder } from '../ports/folder-lock.ts';
import { holdLog } from '../ports/log/hold.ts';
import { createPostgresLog, migratePostgresLog } from '../ports/log/postgres.ts';
import { createLagWatch } from '../ports/log/watch-lag.ts';
import { type Parts, runProcess } from '../ports/process.ts';
import { startEmbeddedServer } from '../ports/store/embedded/server.ts';
import { migrate } from '../ports/store/migrate.ts';
import { statement } from '../ports/store/statement.ts';
import { openTracing } from '../ports/tracing/open-tracing.ts';
import { tracedLog } from '../ports/tracing/traced-log.ts';
import { untilAvailable } from '../ports/until-available.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { readers } from '../schemas/readers.ts';
import { logTopics } from '../schemas/topics.ts';
import { JoinedRegistry, startAnalysis } from './analysis.ts';
import { type EmbeddedConfig, embeddedConfig, MESSAGING_SYSTEM, PARTITIONS } from './config.ts';
import { runDemo } from './demo.ts';
import { greeting } from './greeting.ts';
import { ownSecret } from './own-secret.ts';
import { authorityBeside, explain, makeFolder, requireFreePort, requireWhole } from './preflight.ts';
import { storesOf } from './stores-of.ts';

/** The embedded profile (`npm start`): every service in one process, with nothing but Node. */
const anyFrames = statement(import.meta.url, '../ingest/sql/any-frames.sql');
const STOP_WITHIN_MS = 10_000;
/** Uploads that are still coming in when it stops get this long. */
const UPLOADS_GRACE_MS = 4_000;
const LAG_EVERY_MS = 2_000;
const TRIM_EVERY_MS = 60_000;

const logger = pino({ level: 'warn', base: null, serializers: { error: stdSerializers.err } }, destination(2));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.stdout.write('\nStopping …\n'));

await runProcess({ logger, stopWithinMs: STOP_WITHIN_MS, explain }, async (parts) => {
  const { values: options } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
  // `npm start --demo`, where npm keeps for itself what was meant for us.
  const demo = options.demo || process.env.npm_config_demo === 'true';
  const config = readConfig(embeddedConfig, process.env);
  logger.level = config.LOG_LEVEL;
  const transport = await readTransport(config);
  const tracing = await openTracing({ config, service: 'passerby', messagingSystem: MESSAGING_SYSTEM, logger });
  if (tracing) parts.started('tracing', () => tracing.close());
  const { connectionString, folder } = await openDatabase(parts, config);
  const metrics = new JoinedRegistry();
  collectDefaultMetrics({ register: metrics });
  registerBuildInfo(metrics);

  const open = storesOf(parts, connectionString);
  const [ingestStore, logStore] = [open('ingest', 6), open('log', 4)];
  const consoleStore = open('console', 4, { plansByValues: true });
  const [{ known = false } = {}] = await parts.untilAvailable(() => ingestStore.run<{ known: boolean }>(anyFrames));
  const blobsFolder = join(folder, 'blobs');
  const blobs = createFilesystemBlobs({ folder: blobsFolder, known });
  const logOptions = {
    store: logStore,
    clock,
    partitionCount: PARTITIONS,
    topics: logTopics,
    betweenThreads: true,
  };
  const log = await parts.untilAvailable(() => createPostgresLog(logOptions));
  const lag = createLagWatch({ log, readers, topics: logTopics, metrics });
  parts.every('lag', LAG_EVERY_MS, () => lag.look());
  parts.every('trim', TRIM_EVERY_MS, () => log.trim());
  // Before anything is let in: the blobs that the thread opens clear away what is being written.
  const analysis = await startAnalysis(
    { connectionString, blobsFolder, partitionCount: PARTITIONS, stopWithinMs: STOP_WITHIN_MS, config },
    parts.stopping,
  );
  parts.run('analysis', (signal) => analysis.run(signal));
  metrics.join(() => analysis.metrics());

  const configPublisher = createConfigPublisher({ store: consoleStore, log, codec, clock });
  parts.every('publishing of configurations', SWEEP_EVERY_MS, () => configPublisher.sweep());
  const letterActions = createLetterActions({ store: consoleStore, log, codec, clock });
  parts.every('dead letters', SWEEP_LETTERS_EVERY_MS, () => letterActions.sweep(parts.stopping));

  const carryOut = createCarryOut({ store: consoleStore, log, blobs, codec, clock });
  parts.every('erasures', SWEEP_ERASURES_EVERY_MS, () => carryOut.sweep(parts.stopping));

  const app = createServer({ logger, metrics, tracing, ...transport, timeouts: { closeGraceMs: UPLOADS_GRACE_MS } });
  if (transport.loopbackOnly) app.addHook('onRequest', requireLoopbackHost);
  registerHealth(app, { ready: { database: () => ingestStore.check(), blobs: () => blobs.check() }, metrics });
  const secret = config.SERVER_SECRET ?? (await ownSecret(folder));
  const devices = createDeviceAccess({ store: ingestStore, secret, config, nowMs: clock.nowMs });
  const outcomes = createOutcomes({ store: ingestStore, clock });
  parts.started('last outcomes', () => outcomes.write());
  parts.every('outcomes', WRITE_OUTCOMES_EVERY_MS, () => outcomes.write());
  const freeMinBytes = config.DISK_FREE_MIN_BYTES;
  const diskGuard = createDiskGuard({ blobs, folders: { data: folder }, freeMinBytes, metrics });
  await diskGuard.look();
  parts.every('room', LOOK_AT_ROOM_EVERY_MS, () => diskGuard.look());
  await registerIngest(app, {
    diskGuard,
    store: ingestStore,
    blobs,
    log: tracedLog(log, tracing),
    clock,
    codec,
    metrics,
    tracing,
    outcomes,
    config,
    secret,
    devices,
    logInStore: true,
  });
  const access = createAccess({ store: consoleStore, secret, nowMs: clock.nowMs });
  const diskWatch = createDiskWatch({ blobs, folders: { data: folder }, limits: diskLimits(config), clock, metrics });
  parts.every('disks', LOOK_AT_DISKS_EVERY_MS, () => diskWatch.look());
  const ledgerWatch = createLedgerWatch({ store: consoleStore, clock, metrics });
  parts.every('ledgers', LOOK_AT_LEDGERS_EVERY_MS, () => ledgerWatch.look(parts.stopping));
  const liveEvents = createLiveEvents({ store: consoleStore, clock, metrics, lookAgain: access.lookAgain });
  parts.every('live events', LOOK_FOR_EVENTS_EVERY_MS, () => liveEvents.look());
  const forPeople = {
    store: consoleStore,
    blobs,
    clock,
    lag,
    log,
    diskWatch,
    codec,
    access,
    configPublisher,
    letterActions,
    liveEvents,
  };
  await registerConsole(app, { ...forPeople, devices });
  // Not given up half-way when a stop is asked for: a password that is made up would be made, and shown to nobody.
  const preset = config.ADMIN_PASSWORD === undefined ? {} : { password: config.ADMIN_PASSWORD };
  const ensureAdministrator = () => untilAvailable(() => access.users.ensureAdministrator(preset), { logger });
  // One that was chosen lets in from the first request on.
  if (config.ADMIN_PASSWORD !== undefined) await ensureAdministrator();
  const url = await listen(app, { transport, port: config.PORT, logger, parts, takesCredentials: true });
  const listening = createListening({ store: ingestStore, clock, diskGuard });
  parts.every('listening', NOTE_LISTENING_EVERY_MS, () => listening.note());
  const watch = createDeviceWatch({ log, store: consoleStore, clock, codec, metrics, config });
  parts.every('device watch', WATCH_DEVICES_EVERY_MS, () => watch.look());
  const databaseJobs = createDatabaseJobsWatch({ store: consoleStore, metrics });
  parts.every('watch of database jobs', WATCH_DATABASE_JOBS_EVERY_MS, () => databaseJobs.look());
  // Last: one that is made up is shown below, and never if anything before this had failed.
  const administrator = config.ADMIN_PASSWORD === undefined ? await ensureAdministrator() : { password: null };

  if (demo) parts.run('demo', (signal) => runDemo({ url, pairings: devices.pairings, logger }, signal));
  process.stdout.write(
    greeting({
      url,
      authority: transport.tls && authorityBeside(transport.tls.files),
      password: administrator.password,
      passwordGiven: config.ADMIN_PASSWORD !== undefined,
      demo,
      detector: analysis.model,
      dataDir: config.DATA_DIR,
    }),
  );
});

async function openDatabase(parts: Parts, config: EmbeddedConfig) {
  const folder = makeFolder(config.DATA_DIR);
  const lock = lockFolder(folder);
  parts.started('folder lock', () => lock.release());
  requireWhole(folder);
  await requireFreePort(config);
  let connectionString = config.DATABASE_URL;
  if (connectionString === undefined) {
    const server = await startEmbeddedServer({ folder, log: logger });
    parts.started('PostgreSQL', () => server.stop());
    connectionString = server.connectionString;
  }
  const database = connectionString;
  const hold = await parts.untilAvailable(() => holdLog(database, logger));
  parts.started('database lock', () => hold.release());
  await parts.untilAvailable(() => migratePostgresLog(database));
  const onWarning = (warning: string) => logger.warn({ warning }, 'a migration went on without something');
  const migration = { connectionString: database, folder: migrations, table: 'migrations' as const, onWarning };
  await parts.untilAvailable(() => migrate(migration));
  return { connectionString: database, folder };
}
