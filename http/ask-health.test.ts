import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./ask-health.ts', import.meta.url));
const RUN = fileURLToPath(new URL('../dev/run.mjs', import.meta.url));

let server: Server | undefined;
afterEach(() => server?.close());

test.each([
  { says: 200, status: 0 },
  { says: 503, status: 1 },
])('a service that answers $says', async ({ says, status }) => {
  const asked: (string | undefined)[] = [];
  server = createServer(({ url }, reply) => {
    asked.push(url);
    reply.writeHead(says).end('{"checks":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await askHealth(port)).toEqual([status, `http://127.0.0.1:${port}/readyz ${says} {"checks":[]}\n`]);
  expect(asked).toEqual(['/readyz']);
});

test('a service that is not there', async () => {
  expect(await askHealth(1)).toEqual([1, expect.stringContaining('127.0.0.1:1/readyz does not answer')]);
});

async function askHealth(port: number): Promise<[number, string]> {
  const child = spawn(process.execPath, [RUN, SCRIPT], { env: { ...process.env, PORT: String(port) } });
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return [status, said];
}
