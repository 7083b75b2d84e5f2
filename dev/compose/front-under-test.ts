import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePorts } from '../../ports/free-ports.ts';

interface Front {
  /** The name of the service that answered, or the status of an answer that is the front's own. */
  ask(path: string): Promise<string>;
  /** What a service is told of who asks, and how, whatever the caller says of itself. */
  forwards(path: string, headers: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

const SEEN = 'x-seen';

/** A real Caddy with our Caddyfile, without TLS, before servers that say who they are. */
export async function startFront(caddyfile: string, names: readonly string[]): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-front-'));
  const upstreams = await Promise.all(names.map((name) => listen((path) => `${name} ${path}`)));
  const [port, healthPort] = await findFreePorts(2);
  let text = caddyfile.replace(':2080', `127.0.0.1:${healthPort}`);
  for (const [index, upstream] of upstreams.entries()) {
    text = text.replace(new RegExp(`(reverse_proxy) ${names[index]}:\\d+`), `$1 127.0.0.1:${portOf(upstream)}`);
  }
  writeFileSync(join(folder, 'Caddyfile'), text);
  const caddy = spawn('caddy', ['run', '--config', join(folder, 'Caddyfile')], {
    env: { PATH: process.env.PATH, HOME: folder, FRONT_NAME: `http://127.0.0.1:${port}` },
    stdio: 'ignore',
  });
  const exited = once(caddy, 'exit');
  const stop = async () => {
    caddy.kill();
    await exited;
    for (const server of upstreams) server.close();
    rmSync(folder, { recursive: true });
  };

  for (let tries = 100; ; tries -= 1) {
    const up = await fetch(`http://127.0.0.1:${healthPort}/health`).catch(() => null);
    if (up?.ok) break;
    if (tries === 0 || caddy.exitCode !== null) {
      await stop();
      throw new Error('Caddy did not start');
    }
    await sleep(100);
  }
  return {
    stop,
    async ask(path) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      const said = await answer.text();
      return answer.ok && said.endsWith(` ${path}`) ? said.slice(0, -path.length - 1) : String(answer.status);
    },
    async forwards(path, headers) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      return JSON.parse(answer.headers.get(SEEN) ?? 'null');
    },
  };
}

async function listen(answer: (path: string) => string): Promise<Server> {
  const server = createServer(({ url = '', headers }, reply) => {
    const { 'x-forwarded-for': from, 'x-forwarded-proto': by } = headers;
    reply.setHeader(SEEN, JSON.stringify({ from, by })).end(answer(url));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
