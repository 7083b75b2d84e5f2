import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServerProcess, type OnDeath, type Server } from './server-process.ts';

export interface ToxiproxyServer extends Server {
  /** Its HTTP API, by which faults are put into the proxies `kafka`, `s3` and `postgres`. */
  readonly url: string;
}

export interface ProxyRoute {
  readonly name: string;
  readonly port: number;
  /** host:port of the server behind it. */
  readonly upstream: string;
}

export interface ToxiproxyOptions {
  readonly folder: string;
  readonly program: string;
  readonly port: number;
  readonly proxies: readonly ProxyRoute[];
  readonly onDeath: OnDeath;
}

export function createToxiproxy({ folder, program, port, proxies, onDeath }: ToxiproxyOptions): ToxiproxyServer {
  mkdirSync(folder, { recursive: true });
  // A file, so that it has its proxies again after a kill; it remembers nothing itself.
  const settings = join(folder, 'proxies.json');
  writeFileSync(
    settings,
    JSON.stringify(proxies.map((proxy) => ({ ...proxy, listen: `127.0.0.1:${proxy.port}`, enabled: true }))),
  );
  const url = `http://127.0.0.1:${port}`;
  const server = createServerProcess({
    name: 'toxiproxy',
    folder,
    command: () => [program, ['-host', '127.0.0.1', '-port', String(port), '-config', settings]],
    isUp: async () => {
      const answer = await fetch(`${url}/proxies`, { signal: AbortSignal.timeout(1_000) });
      return Object.keys((await answer.json()) as object).length === proxies.length;
    },
    onDeath,
  });
  return { ...server, url };
}
