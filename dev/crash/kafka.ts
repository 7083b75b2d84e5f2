import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { consoleService } from '../../console/config.ts';
import { readConfig } from '../../http/read-config.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { createKafkaLog, type KafkaLog } from '../../ports/log/kafka.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { statement } from '../../ports/store/statement.ts';
import { untilAvailable } from '../../ports/until-available.ts';
import { readers } from '../../schemas/readers.ts';
import { logTopics } from '../../schemas/topics.ts';
import { enrol } from '../simulate/enrol.ts';
import type { Server } from '../stack/server-process.ts';
import { startServers } from '../stack/start-servers.ts';
import { describeServices } from './describe-services.ts';
import { findDisorder } from './disorder.ts';
import { readOutcome } from './outcome.ts';
import { readTopic } from './read-topic.ts';
import { createDeath, untilReady } from './service-process.ts';
import { configure, DRAW_ALL } from './settings.ts';
import type { Resume, Target, TargetOptions } from './target.ts';

const sql = {
  analysed: statement(import.meta.url, './sql/analysed.sql'),
  queued: statement(import.meta.url, './sql/queued.sql'),
  doneSince: statement(import.meta.url, './sql/done-since.sql'),
};

const PASSWORD = 'only-for-this-run';
const PARTITIONS = 6;
const LOOK_EVERY_MS = 250;
const SERVICES = {
  ingest: 'ingest/main.ts',
  'processor-1': 'processor/main.ts',
  'processor-2': 'processor/main.ts',
  aggregator: 'aggregator/main.ts',
  snapshots: 'snapshots/main.ts',
  console: 'console/main.ts',
  visitor: 'processor/main.ts',
} as const;
/** What is killed, and how likely; `visitor` is a third processor that joins and leaves. */
const BLOWS = {
  ingest: 2,
  'processor-1': 1.5,
  'processor-2': 1.5,
  aggregator: 1.5,
  snapshots: 0.8,
  console: 0.4,
  broker: 1.2,
  s3: 1,
  visitor: 1.3,
};

/** The production profile as processes of this machine: Kafka, S3 and PostgreSQL, and every service that there is. */
export async function createKafkaTarget({ dataDir, onProgress }: TargetOptions): Promise<Target> {
  const { died, tell } = createDeath();
  const stack = await startServers({
    folder: dataDir,
    say: onProgress,
    onDeath: (why) => tell(new Error(why)),
  });
  const common = {
    ...stack.env,
    KAFKA_PARTITIONS: String(PARTITIONS),
    ADMIN_PASSWORD: PASSWORD,
    HEARTBEAT_INTERVAL_S: '3600',
    ...DRAW_ALL,
    LOG_LEVEL: 'warn',
  };
  const services = await describeServices(SERVICES, { folder: dataDir, env: common, onDied: tell });
  const servers = { broker: createMortal(stack.kafka, tell), s3: createMortal(stack.s3, tell) };
  const store = createPostgresStore({
    connectionString: stack.postgres.connectionString,
    connectionsMax: 2,
    name: 'crash',
  });
  const resumes: Resume[] = [];
  let log: KafkaLog | null = null;
  let brokerKills = 0;
  let lastKillMs = 0;

  /** How long until a frame that came in after the kill has been analysed and its result written; if none follows. */
  async function measureResume(): Promise<void> {
    brokerKills += 1;
    const kill = brokerKills;
    const [killedMs, since] = [performance.now(), new Date(clock.nowMs())];
    for (;;) {
      await sleep(LOOK_EVERY_MS);
      const rows = await store.run(sql.doneSince, [since]).catch(() => []);
      if (brokerKills > kill) return;
      if (rows.length > 0) break;
    }
    const nowMs = performance.now();
    const resume = { afterBrokerMs: Math.round(nowMs - killedMs), afterLastMs: Math.round(nowMs - lastKillMs) };
    resumes.push(resume);
    onProgress(
      `resumed ${resume.afterBrokerMs} ms after the broker was killed, ${resume.afterLastMs} after the last kill`,
    );
  }

  async function strike(blow: string): Promise<boolean> {
    if (blow === 'broker' || blow === 's3') return servers[blow].strike();
    const { process } = services[blow as keyof typeof services];
    if (blow !== 'visitor') {
      const killed = await process.kill();
      process.start();
      return killed;
    }
    if (process.running) void process.stop();
    else process.start();
    return false;
  }

  return {
    died,
    blows: BLOWS,
    resumes,

    async start() {
      for (const [name, { process }] of Object.entries(services)) if (name !== 'visitor') process.start();
      const needed = Object.entries(services).filter(([name]) => name !== 'visitor');
      await Promise.race([Promise.all(needed.map(([, { url }]) => untilReady(url))), died]);
      return services.ingest.url;
    },

    async enrol(deviceIds) {
      const consoleUrl = services.console.url;
      const tokens = await enrol({ url: services.ingest.url, consoleUrl, password: PASSWORD, deviceIds });
      await configure({ consoleUrl, password: PASSWORD, deviceIds });
      return tokens;
    },

    async strike(blow) {
      const killed = await strike(blow);
      if (killed) lastKillMs = performance.now();
      if (killed && blow === 'broker') void measureResume().catch(() => undefined);
      return killed;
    },

    async analysed() {
      const [row] = await store.run<{ analysed: number }>(sql.analysed);
      return row?.analysed ?? 0;
    },

    async isQuiet() {
      log ??= await openLog(common);
      const { lag } = log;
      const lags = await Promise.all(readers.map(({ topic, group }) => lag(topic, group).catch(() => null)));
      if (lags.some((partitions) => partitions === null || partitions.some(({ records }) => records > 0n)))
        return false;
      const [row] = await store.run<{ queued: number }>(sql.queued);
      return row?.queued === 0;
    },

    async finish(acknowledged) {
      await Promise.all(Object.values(services).map(({ process }) => process.stop()));
      await Promise.all(Object.values(servers).map((server) => server.settled()));
      log ??= await openLog(common);
      const blobs = await openS3Blobs({ config: readConfig(consoleService, common), logger: silent, missing: 'wait' });
      try {
        const frames = [...(await readTopic(log, 'frames')), ...(await readTopic(log, 'backlog'))];
        const observations = await readTopic(log, 'observations');
        const told = [...observations, ...(await readTopic(log, 'events'))].flatMap(({ value }) => value ?? []);
        const outcome = await readOutcome({ store, blobs, told, acknowledged });
        return { ...outcome, disorder: findDisorder(frames, observations) };
      } finally {
        blobs.close();
      }
    },

    async close() {
      await Promise.all(Object.values(services).map(({ process }) => process.stop()));
      await log?.close();
      await store.close();
      await stack.stop();
    },
  };
}

const silent = pino({ level: 'silent' });

function openLog(env: Readonly<Record<string, string>>) {
  const config = readConfig(consoleService, env);
  // The broker may have been killed a moment ago.
  return untilAvailable(() => createKafkaLog({ config, name: 'crash', topics: logTopics, clock, logger: silent }), {
    logger: silent,
  });
}

/** A server that is started again whenever it is killed; while it starts, it cannot be killed again. */
function createMortal(server: Server, onFailed: (error: Error) => void) {
  let starting: Promise<void> | null = null;
  return {
    async strike(): Promise<boolean> {
      if (starting) return false;
      await server.kill();
      starting = server
        .start()
        .catch(onFailed)
        .finally(() => {
          starting = null;
        });
      return true;
    },
    settled: async () => {
      await starting;
    },
  };
}
