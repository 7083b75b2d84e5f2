import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedTestContainer } from 'testcontainers';
import { parse } from 'yaml';
import { findFreePort } from '../../ports/free-ports.ts';
import type { ServerName, ServersUnderTest } from '../../ports/servers-under-test.ts';
import type { Found, Source } from './find-servers.ts';

const IMAGES = readImages();
const DETECT_WITHIN_MS = 5_000;
/** Longer than images take to come over a slow line. */
const START_WITHIN_MS = 300_000;

/** Those that are shipped. */
function readImages(): Readonly<Record<ServerName, string>> {
  const { services } = parse(readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8'));
  return { kafka: services.kafka.image, s3: services.s3.image, timescale: services.timescaledb.image };
}

export interface Docker {
  readonly source: Source;
  stop(): Promise<void>;
}

/** Containers that are started when they are asked for, and gone when the run is over. */
export function createDocker(say: (line: string) => void): Docker {
  const started: StartedTestContainer[] = [];
  let host: Promise<string | null> | null = null;
  const source: Source = async (name) => {
    if (process.env.DOCKER === 'off') return { missing: 'DOCKER=off' };
    host ??= findDocker();
    const at = await host;
    if (at === null) return { missing: 'no Docker' };
    say(`starting ${IMAGES[name]}`);
    try {
      const { container, address } = await run(name, at);
      started.push(container);
      return { address } as Found<typeof name>;
    } catch (error) {
      // Docker without a network, or without that image: somebody else may have the server.
      return { missing: `Docker could not start ${IMAGES[name]} (${(error as Error).message.split('\n')[0]})` };
    }
  };
  return {
    source,
    async stop() {
      await Promise.allSettled(started.map((container) => container.stop()));
    },
  };
}

/** The host at which containers' ports are; null without Docker. */
async function findDocker(): Promise<string | null> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return Promise.race([
    getContainerRuntimeClient().then(
      ({ info }) => info.containerRuntime.host,
      () => null,
    ),
    sleep(DETECT_WITHIN_MS, null, { ref: false }),
  ]);
}

async function run(name: ServerName, host: string) {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = new GenericContainer(IMAGES[name]).withStartupTimeout(START_WITHIN_MS);
  const runs: { readonly [Name in ServerName]: () => Promise<Running<Name>> } = {
    async kafka() {
      // Its clients are sent to the port that it names, which is therefore chosen before it starts.
      const port = await findFreePort();
      const started = await container
        .withExposedPorts({ container: 9092, host: port })
        .withEnvironment({
          KAFKA_PROCESS_ROLES: 'broker,controller',
          KAFKA_NODE_ID: '1',
          KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
          KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
          KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${host}:${port}`,
          KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
          KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
          KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
          KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
          KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '8',
          KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
          KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
          KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '8',
          KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
        })
        .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
        .start();
      return { container: started, address: { brokers: `${host}:${port}` } };
    },
    async s3() {
      const keys = { accessKeyId: random(), secretAccessKey: random() };
      const started = await container
        .withExposedPorts(7070)
        .withEnvironment({ ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey })
        // In a folder of the container's own file system, which has the extended attributes that it needs.
        .withCommand(['--port', ':7070', '--keep-alive', 'posix', '/srv'])
        .withWaitStrategy(Wait.forListeningPorts())
        .start();
      const endpoint = `http://${host}:${started.getMappedPort(7070)}`;
      return { container: started, address: { endpoint, region: 'us-east-1', ...keys } };
    },
    async timescale() {
      const password = random();
      const started = await container
        .withExposedPorts(5432)
        .withEnvironment({ POSTGRES_PASSWORD: password, TIMESCALEDB_TELEMETRY: 'off' })
        // It starts once to be made, and once more to be used.
        .withWaitStrategy(Wait.forLogMessage('database system is ready to accept connections', 2))
        .start();
      const url = `postgres://postgres:${password}@${host}:${started.getMappedPort(5432)}/postgres`;
      return { container: started, address: { url } };
    },
  };
  return runs[name]();
}

interface Running<Name extends ServerName> {
  readonly container: StartedTestContainer;
  readonly address: ServersUnderTest[Name];
}

const random = () => randomBytes(12).toString('hex');
