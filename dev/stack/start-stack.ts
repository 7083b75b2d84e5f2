import { mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FolderInUse, lockFolder } from '../../ports/folder-lock.ts';
import type { Environment } from './environment.ts';
import { createKafka, type KafkaServer } from './kafka.ts';
import { keepPorts } from './ports.ts';
import { createEmbeddedPostgres, type PostgresServer, stopLeftoverPostgres, useServer } from './postgres.ts';
import { createS3, type S3Server } from './s3.ts';
import { keepSecrets } from './secrets.ts';
import { type Server, stopLeftoverProcess } from './server-process.ts';
import { provideGoProgram, provideKafka, requirePrograms } from './tools.ts';
import { createToxiproxy, type ProxyRoute, type ToxiproxyServer } from './toxiproxy.ts';

interface Servers {
  readonly kafka: KafkaServer;
  readonly s3: S3Server;
  readonly postgres: PostgresServer;
  /** In front of those of the others that are there. */
  readonly toxiproxy: ToxiproxyServer;
}
export type StackPart = keyof Servers;

export type Stack<Part extends StackPart = StackPart> = Pick<Servers, Part> & {
  /** As the services' settings are named. */
  readonly env: Environment;
  stop(): Promise<void>;
};

export interface StackOptions<Part extends StackPart = StackPart> {
  readonly folder: string;
  /** `tools` in the folder, unless stacks are to share one. */
  readonly toolsFolder?: string;
  /** All, unless it is said. */
  readonly only?: readonly Part[];
  /** Begins with empty servers. */
  readonly fresh?: boolean;
  /** A PostgreSQL to use instead of one of our own. */
  readonly databaseUrl?: string | undefined;
  readonly say?: (line: string) => void;
  /** A server ended though nobody had asked it to. */
  readonly onDeath?: (why: string) => void;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
}

const PARTS = ['postgres', 's3', 'kafka', 'toxiproxy'] as const satisfies readonly StackPart[];
const KEPT_WHEN_FRESH = ['tools', 'passerby.lock'];

/** Another stack is at work in this folder. */
export class StackInUse extends Error {}

/** The real servers, on free ports of this machine, with what they know below one folder. */
export async function startStack<Part extends StackPart = StackPart>(
  options: StackOptions<Part>,
): Promise<Stack<Part>> {
  const { say = () => undefined, onDeath = () => undefined, signal } = options;
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  // The real path, by which a server of an earlier run is known whatever name the folder had then.
  const folder = realpathSync(options.folder);
  const wanted = (part: StackPart) => (options.only ?? PARTS).some((name) => name === part);
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (let undo = stops.pop(); undo; undo = stops.pop()) await undo();
  };
  const start = async (server: Server) => {
    stops.push(() => server.stop());
    say(`starting ${server.name}`);
    await server.start();
    signal?.throwIfAborted();
  };

  const lock = lockStack(folder);
  stops.push(() => lock.release());
  try {
    await stopLeftovers(folder, say);
    if (options.fresh) clear(folder);
    const tools = await provideTools(options.toolsFolder ?? join(folder, 'tools'), wanted, { say, signal });
    const [direct = 0, controller = 0, proxied = 0, api = 0, s3Port = 0, postgresPort = 0, ...proxyPorts] =
      await keepPorts(folder, 9, say);
    const [kafkaProxy = 0, s3Proxy = 0, postgresProxy = 0] = proxyPorts;
    const secrets = keepSecrets(folder);
    const env: Record<string, string> = {};
    const proxies: ProxyRoute[] = [];
    const servers: { -readonly [Name in StackPart]?: Servers[Name] } = {};

    if (wanted('postgres')) {
      const postgres = options.databaseUrl
        ? useServer(options.databaseUrl)
        : createEmbeddedPostgres({ folder: join(folder, 'postgres'), port: postgresPort, say });
      await start(postgres);
      servers.postgres = postgres;
      env.DATABASE_URL = postgres.connectionString;
      const { hostname, port } = new URL(postgres.connectionString);
      proxies.push({ name: 'postgres', port: postgresProxy, upstream: `${hostname}:${port || 5432}` });
    }
    if (tools.versitygw) {
      const { s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey } = secrets;
      const keys = { accessKeyId, secretAccessKey };
      const s3 = createS3({ folder: join(folder, 's3'), program: tools.versitygw, port: s3Port, ...keys, onDeath });
      await start(s3);
      servers.s3 = s3;
      Object.assign(env, {
        S3_ENDPOINT: s3.endpoint,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
      });
      proxies.push({ name: 's3', port: s3Proxy, upstream: `127.0.0.1:${s3Port}` });
    }
    if (tools.kafkaJars) {
      // Without a proxy the listener that is meant for it names itself.
      const ports = { direct, controller, proxied, proxy: wanted('toxiproxy') ? kafkaProxy : proxied };
      const kafka = await createKafka({ folder: join(folder, 'kafka'), jarsFolder: tools.kafkaJars, ports, onDeath });
      await start(kafka);
      servers.kafka = kafka;
      env.KAFKA_BROKERS = kafka.brokers;
      proxies.push({ name: 'kafka', port: kafkaProxy, upstream: `127.0.0.1:${proxied}` });
    }
    if (tools.toxiproxy) {
      const toxiproxyFolder = join(folder, 'toxiproxy');
      const toxiproxy = createToxiproxy({
        folder: toxiproxyFolder,
        program: tools.toxiproxy,
        port: api,
        proxies,
        onDeath,
      });
      await start(toxiproxy);
      servers.toxiproxy = toxiproxy;
      env.TOXIPROXY_URL = toxiproxy.url;
      Object.assign(env, proxiedAddresses(env, { kafkaProxy, s3Proxy, postgresProxy }));
    }
    env.ADMIN_PASSWORD = secrets.adminPassword;
    env.SERVER_SECRET = secrets.serverSecret;
    return { ...(servers as Pick<Servers, Part>), env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function lockStack(folder: string) {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new StackInUse(
      `Another stack is at work in ${folder}. Stop it, or give this one a folder of its own: ` +
        'npm run stack -- --folder ./stack2',
    );
  }
}

async function stopLeftovers(folder: string, say: (line: string) => void): Promise<void> {
  for (const [name, part] of [
    ['toxiproxy', 'toxiproxy'],
    ['Kafka', 'kafka'],
    ['versitygw', 's3'],
  ] as const) {
    await stopLeftoverProcess(name, join(folder, part), say);
  }
  await stopLeftoverPostgres(join(folder, 'postgres'), say);
}

function clear(folder: string) {
  for (const name of readdirSync(folder)) {
    if (!KEPT_WHEN_FRESH.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function provideTools(
  toolsFolder: string,
  wanted: (part: StackPart) => boolean,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal | undefined },
) {
  mkdirSync(toolsFolder, { recursive: true });
  const options = { toolsFolder: realpathSync(toolsFolder), say, signal };
  const goPrograms = [
    ...(wanted('s3') ? (['versitygw'] as const) : []),
    ...(wanted('toxiproxy') ? (['toxiproxy'] as const) : []),
  ];
  await requirePrograms(options.toolsFolder, { kafka: wanted('kafka'), goPrograms });
  // One after the other: each of them takes all cores that there are.
  const kafkaJars = wanted('kafka') ? await provideKafka(options) : null;
  const versitygw = wanted('s3') ? await provideGoProgram('versitygw', options) : null;
  const toxiproxy = wanted('toxiproxy') ? await provideGoProgram('toxiproxy', options) : null;
  return { kafkaJars, versitygw, toxiproxy };
}

function proxiedAddresses(
  env: Environment,
  { kafkaProxy, s3Proxy, postgresProxy }: Readonly<Record<'kafkaProxy' | 's3Proxy' | 'postgresProxy', number>>,
): Environment {
  const addresses: Record<string, string> = {};
  if (env.KAFKA_BROKERS) addresses.KAFKA_PROXIED_BROKERS = `127.0.0.1:${kafkaProxy}`;
  if (env.S3_ENDPOINT) addresses.S3_PROXIED_ENDPOINT = `http://127.0.0.1:${s3Proxy}`;
  if (env.DATABASE_URL) {
    const url = new URL(env.DATABASE_URL);
    url.host = `127.0.0.1:${postgresProxy}`;
    addresses.DATABASE_PROXIED_URL = url.href;
  }
  return addresses;
}
