import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { createServerProcess, type OnDeath, type Server } from './server-process.ts';

const run = promisify(execFile);
const LOG4J = fileURLToPath(new URL('./kafka.log4j2.properties', import.meta.url));
const STOP_WITHIN_MS = 12_000;
const CONNECT_WITHIN_MS = 1_000;

export interface KafkaServer extends Server {
  /** host:port, as KAFKA_BROKERS wants it. */
  readonly brokers: string;
}

export interface KafkaOptions {
  readonly folder: string;
  readonly jarsFolder: string;
  readonly ports: KafkaPorts;
  readonly onDeath: OnDeath;
}

export interface KafkaPorts {
  readonly direct: number;
  readonly controller: number;
  /** A listener of its own for whoever comes by way of a proxy, */
  readonly proxied: number;
  /** and the proxy's port, which that listener names to its clients. */
  readonly proxy: number;
}

/** One node of Apache Kafka, broker and controller in one (KRaft). */
export async function createKafka({ folder, jarsFolder, ports, onDeath }: KafkaOptions): Promise<KafkaServer> {
  mkdirSync(folder, { recursive: true });
  const data = join(folder, 'data');
  const settings = join(folder, 'server.properties');
  // A broker that is killed often is better off started quickly than compiled well, on few cores above all.
  const java = [
    '-Xmx512m',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${LOG4J}`,
    `-Dstack.log=${join(folder, 'kafka.log')}`,
  ];
  const classPath = ['-cp', join(jarsFolder, '*')];

  // Loading its classes is most of a start: the first run that ends well leaves them ready for those after it.
  const archive = `${jarsFolder}.jsa`;
  const draft = `${archive}.${process.pid}`;
  const sharedClasses = () =>
    existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [`-XX:ArchiveClassesAtExit=${draft}`];

  if (!existsSync(data)) await format();
  writeFileSync(settings, properties(data, ports));
  const brokers = `127.0.0.1:${ports.direct}`;
  const server = createServerProcess({
    name: 'Kafka',
    folder,
    command: () => ['java', [...java, ...sharedClasses(), ...classPath, 'kafka.Kafka', settings]],
    isUp: () => isUp(brokers),
    onDeath,
    onStopped: () => existsSync(draft) && renameSync(draft, archive),
    stopWithinMs: STOP_WITHIN_MS,
  });
  return { ...server, brokers };

  /** Made aside and renamed when whole. */
  async function format() {
    const unfinished = `${data}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    writeFileSync(settings, properties(unfinished, ports));
    const clusterId = randomBytes(16).toString('base64url');
    const args = ['format', `--cluster-id=${clusterId}`, `--config=${settings}`];
    await run('java', [...java, ...classPath, 'kafka.tools.StorageTool', ...args]);
    renameSync(unfinished, data);
  }
}

function properties(data: string, { direct, controller, proxied, proxy }: KafkaPorts): string {
  const settings: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `DIRECT://127.0.0.1:${direct},PROXIED://127.0.0.1:${proxied},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `DIRECT://127.0.0.1:${direct},PROXIED://127.0.0.1:${proxy}`,
    'listener.security.protocol.map': 'DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'DIRECT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    // One node: nobody to copy to, and a start that opens few partitions is a quick one.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 8,
    'group.initial.rebalance.delay.ms': 0,
    // A broker that was killed may come back only when the controller no longer believes in its forerunner, which by
    // default takes 9 s.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 200,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

/** It answers, and every partition has somebody who leads it. */
async function isUp(brokers: string): Promise<boolean> {
  const retry = { retries: 0 };
  const kafka = new Kafka({
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: CONNECT_WITHIN_MS,
    requestTimeout: CONNECT_WITHIN_MS,
    retry,
  });
  const admin = kafka.admin({ retry });
  try {
    await admin.connect();
    const { brokers: members, controller } = await admin.describeCluster();
    const { topics } = await admin.fetchTopicMetadata();
    const leads = topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
    return members.length > 0 && controller !== null && leads;
  } finally {
    await admin.disconnect();
  }
}
