import { describe, inject } from 'vitest';

/** Servers that not every machine has, and how a test reaches one; dev/servers finds them, once for each run. */
export interface ServersUnderTest {
  /** host:port, comma-separated. */
  readonly kafka: { readonly brokers: string };
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
  /** A PostgreSQL that has TimescaleDB, and an account that may create databases. */
  readonly timescale: { readonly url: string };
}
export type ServerName = keyof ServersUnderTest;
export type FoundServers = { readonly [Name in ServerName]: ServersUnderTest[Name] | null };

declare module 'vitest' {
  interface ProvidedContext {
    servers: FoundServers;
  }
}

/** For suites that are only counted: nobody listens there. */
const NOWHERE: ServersUnderTest = {
  kafka: { brokers: '127.0.0.1:1' },
  s3: { endpoint: 'http://127.0.0.1:1', region: 'nowhere', accessKeyId: 'nobody', secretAccessKey: 'nothing' },
  timescale: { url: 'postgres://nobody@127.0.0.1:1/nowhere' },
};

/** By this, in a suite's name, the end of the run knows what was skipped for want of which server. */
export const needs = (server: string) => `[needs ${server}]`;

/** A suite on a real server; where that was not reached it is skipped, which the end of the run says. */
export function describeWith<Name extends ServerName>(
  server: Name,
  title: string,
  suite: (address: ServersUnderTest[Name]) => void,
): void {
  const address: ServersUnderTest[Name] | null = inject('servers')[server];
  describe.skipIf(address === null)(`${title} ${needs(server)}`, () => suite(address ?? NOWHERE[server]));
}
