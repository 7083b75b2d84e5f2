import { connect } from 'node:net';
import type { FoundServers, ServerName, ServersUnderTest } from '../../ports/servers-under-test.ts';
import type { Environment } from '../stack/environment.ts';

/** A place where servers may be: what it has, or in words why it has it not. */
export type Source = <Name extends ServerName>(name: Name) => Promise<Found<Name>>;
export type Found<Name extends ServerName> =
  | { readonly address: ServersUnderTest[Name] }
  /** `final`: somebody has said that it is there, so that no other will do. */
  | { readonly missing: string; readonly final?: boolean };

export interface Search {
  readonly servers: FoundServers;
  /** Of each that was looked for and not reached, why. */
  readonly missing: Readonly<Partial<Record<ServerName, string>>>;
}

const CONNECT_WITHIN_MS = 2_000;

/** The first source that has a server gives it. */
export async function findServers(wanted: readonly ServerName[], sources: readonly Source[]): Promise<Search> {
  const missing: Partial<Record<ServerName, string>> = {};
  const look = async <Name extends ServerName>(name: Name): Promise<ServersUnderTest[Name] | null> => {
    const reasons: string[] = [];
    for (const source of wanted.includes(name) ? sources : []) {
      const found = await source(name);
      if ('address' in found) return found.address;
      reasons.push(found.missing);
      if (found.final) break;
    }
    if (reasons.length > 0) missing[name] = reasons.join('; ');
    return null;
  };
  const [kafka, s3, timescale] = await Promise.all([look('kafka'), look('s3'), look('timescale')]);
  return { servers: { kafka, s3, timescale }, missing };
}

/** Addresses of a running stack, or of the environment. */
function readAddresses(env: Readonly<Record<string, string | undefined>>): {
  readonly [Name in ServerName]?: ServersUnderTest[Name];
} {
  const { KAFKA_BROKERS, S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, TIMESCALE_URL } = env;
  return {
    ...(KAFKA_BROKERS && { kafka: { brokers: KAFKA_BROKERS } }),
    ...(S3_ENDPOINT &&
      S3_ACCESS_KEY_ID &&
      S3_SECRET_ACCESS_KEY && {
        s3: {
          endpoint: S3_ENDPOINT,
          region: env.S3_REGION || 'us-east-1',
          accessKeyId: S3_ACCESS_KEY_ID,
          secretAccessKey: S3_SECRET_ACCESS_KEY,
        },
      }),
    ...(TIMESCALE_URL && { timescale: { url: TIMESCALE_URL } }),
  };
}

const VARIABLES: Readonly<Record<ServerName, string>> = {
  kafka: 'KAFKA_BROKERS',
  s3: 'S3_ENDPOINT with S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY',
  timescale: 'TIMESCALE_URL',
};

export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Source {
  const addresses = readAddresses(env);
  return async (name) => {
    const address = addresses[name];
    if (address === undefined) return { missing: `${VARIABLES[name]} is not set` };
    const at = hostAndPort(name, addresses);
    return (await answers(at))
      ? { address }
      : { missing: `nobody answers at ${at} of ${VARIABLES[name]}`, final: true };
  };
}

export function fromRunningStack(readRunning: () => Environment | null): Source {
  return async (name) => {
    if (name === 'timescale') return { missing: 'the stack has none' };
    const env = readRunning();
    if (env === null) return { missing: 'no stack runs (npm run stack)' };
    const addresses = readAddresses(env);
    const address = addresses[name];
    if (address === undefined || !(await answers(hostAndPort(name, addresses)))) {
      return { missing: 'the running stack does not answer' };
    }
    return { address };
  };
}

function hostAndPort(name: ServerName, { kafka, s3, timescale }: ReturnType<typeof readAddresses>): string {
  if (name === 'kafka') return kafka?.brokers.split(',')[0] ?? '';
  const { hostname, port, protocol } = new URL((name === 's3' ? s3?.endpoint : timescale?.url) ?? '');
  return `${hostname}:${port || { 'http:': 80, 'https:': 443 }[protocol] || 5432}`;
}

async function answers(at: string): Promise<boolean> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(at) ?? [];
  const socket = connect({ host, port: Number(port), timeout: CONNECT_WITHIN_MS });
  try {
    return await new Promise((settle) => {
      socket.once('connect', () => settle(true));
      socket.once('error', () => settle(false));
      socket.once('timeout', () => settle(false));
    });
  } finally {
    socket.destroy();
  }
}
