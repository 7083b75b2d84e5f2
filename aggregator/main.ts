import { runService } from '../http/run-service.ts';
import { openS3Blobs, type S3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { migrations, runAggregator } from './aggregator.ts';
import { createDailyCheck, type DailyCheck, LOOK_AT_CHECK_EVERY_MS } from './check/daily-check.ts';
import { PATIENT_MS } from './check/keep-check.ts';
import { aggregatorService } from './config.ts';
import { createRetention, LOOK_AT_RETENTION_EVERY_MS, type Retention } from './retention/retention.ts';
import { createDatabaseJobsWatch, WATCH_DATABASE_JOBS_EVERY_MS } from './watch-database-jobs.ts';
import { createDeviceWatch, WATCH_DEVICES_EVERY_MS } from './watch-devices.ts';

/**
 * `npm run start:aggregator`: brings the tables up to date, then writes into them what the topics say; and lets go what is
 * over.
 */
const name = 'aggregator';

await runService({ name, schema: aggregatorService }, async ({ parts, config, logger, metrics, tracing }) => {
  const { DATABASE_URL: connectionString } = config;
  const onWarning = (warning: string) => logger.warn({ warning }, 'a migration went on without something');
  const migration = { connectionString, folder: migrations, table: 'migrations' as const, onWarning };
  await parts.untilAvailable(() => migrate(migration));
  const store = createPostgresStore({ connectionString, connectionsMax: 10, name });
  parts.started('store', () => store.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const log = await parts.untilAvailable(() =>
    createKafkaLog({ config, name, port: config.PORT, topics: logTopics, clock, logger }),
  );
  parts.started('log', () => log.close());
  parts.run(name, (signal) => runAggregator({ log, store, codec, clock, logger, metrics, tracing, config }, signal));
  const watch = createDeviceWatch({ log, store, clock, codec, metrics, config });
  parts.every('device watch', WATCH_DEVICES_EVERY_MS, () => watch.look());
  const databaseJobs = createDatabaseJobsWatch({ store, metrics });
  parts.every('watch of database jobs', WATCH_DATABASE_JOBS_EVERY_MS, () => databaseJobs.look());
  // Opened when it is needed: the bucket is made by ingest, which waits for the tables that are made here.
  let opening: Promise<S3Blobs> | null = null;
  parts.started('blobs', async () => (await opening?.catch(() => null))?.close());
  const openBlobs = () => {
    opening ??= openS3Blobs({ config, logger, missing: 'wait' }).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  let retention: Retention | null = null;
  parts.every('retention', LOOK_AT_RETENTION_EVERY_MS, async () => {
    retention ??= createRetention({ log, store, blobs: await openBlobs(), clock, logger, metrics, config });
    await retention.look(parts.stopping);
  });
  const patientStore = createPostgresStore({
    connectionString,
    connectionsMax: 3,
    name: 'check',
    statementTimeoutMs: PATIENT_MS,
  });
  parts.started('store of check', () => patientStore.close());
  let dailyCheck: DailyCheck | null = null;
  parts.every('check', LOOK_AT_CHECK_EVERY_MS, async () => {
    const stores = { store: patientStore, blobs: await openBlobs() };
    dailyCheck ??= createDailyCheck({ ...stores, log, codec, clock, logger, metrics, config });
    await dailyCheck.look(parts.stopping);
  });
  return { ready: { database: () => store.check(), log: () => log.check() } };
});
