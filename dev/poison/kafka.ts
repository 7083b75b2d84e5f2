import { pino } from 'pino';
import { migrations } from '../../aggregator/aggregator.ts';
import { consoleService } from '../../console/config.ts';
import { readConfig } from '../../http/read-config.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { createKafkaLog } from '../../ports/log/kafka.ts';
import { migrate } from '../../ports/store/migrate.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { logTopics } from '../../schemas/topics.ts';
import { describeServices } from '../crash/describe-services.ts';
import { createDeath, untilReady } from '../crash/service-process.ts';
import { startServers } from '../stack/start-servers.ts';
import type { CreateTarget } from './target.ts';

const PARTITIONS = 6;
const LISTENERS_MAX = 40;
const PASSWORD = 'only-for-this-run';
/** Nobody uploads. */
const SERVICES = {
  'processor-1': 'processor/main.ts',
  'processor-2': 'processor/main.ts',
  aggregator: 'aggregator/main.ts',
  snapshots: 'snapshots/main.ts',
  console: 'console/main.ts',
} as const;

/** The production profile as processes of this machine: Kafka, S3 and PostgreSQL, and every service but ingest. */
export const createKafkaTarget: CreateTarget = async ({ folder, say }) => {
  const { died, tell } = createDeath();
  const stack = await startServers({ folder, say, onDeath: (why) => tell(new Error(why)) });
  const { connectionString } = stack.postgres;
  const env = { ...stack.env, KAFKA_PARTITIONS: String(PARTITIONS), ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'warn' };
  const services = await describeServices(SERVICES, { folder, env, onDied: tell });
  const processes = Object.values(services).map((service) => service.process);
  // Each of the processes is ended with this one.
  process.setMaxListeners(Math.max(process.getMaxListeners(), LISTENERS_MAX));
  const logger = pino({ level: 'silent' });
  const config = readConfig(consoleService, env);
  const log = await createKafkaLog({ config, name: 'poison', topics: logTopics, clock, logger });
  const blobs = await openS3Blobs({ config, logger, missing: 'make' });
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  const store = createPostgresStore({ connectionString, connectionsMax: 4, name: 'poison' });

  let stopped: Promise<void> | null = null;
  async function stopAll() {
    await Promise.all(processes.map((one) => one.stop()));
    await log.close();
    blobs.close();
    await Promise.all([stack.kafka.stop(), stack.s3.stop()]);
  }
  const stop = () => {
    stopped ??= stopAll();
    return stopped;
  };

  return {
    store,
    log,
    blobs,
    partitions: PARTITIONS,
    url: services.console.url,
    password: PASSWORD,
    died,
    async start() {
      for (const one of processes) one.start();
      await Promise.race([Promise.all(Object.values(services).map(({ url }) => untilReady(url))), died]);
    },
    stop,
    async close() {
      await stop();
      await store.close();
      await stack.stop();
    },
  };
};
