import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { makeTestCerts } from './tls/certs-under-test.ts';

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

test.each([
  { says: 200, status: 0 },
  { says: 503, status: 1 },
])('a service with a certificate for another name that answers $says', async ({ says, status }) => {
  const { issue } = await makeTestCerts();
  server = createSecureServer(await issue('cameras.example'), (_, reply) => reply.writeHead(says).end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await askHealth(port, { TLS_CERT_FILE: 'server.pem' });
  expect(answer).toEqual([status, `https://127.0.0.1:${port}/readyz ${says} {}\n`]);
});

test('a service that should speak TLS and does not', async () => {
  server = createServer((_, reply) => reply.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await askHealth(port, { TLS_CERT_FILE: 'server.pem' })).toEqual([
    1,
    expect.stringMatching(/^https:.*does not answer: /),
  ]);
});

test('a service that is not there', async () => {
  expect(await askHealth(1)).toEqual([1, expect.stringContaining('127.0.0.1:1/readyz does not answer')]);
});

async function askHealth(port: number, more = {}): Promise<[number, string]> {
  const env = { ...process.env, TLS_CERT_FILE: '', PORT: String(port), ...more };
  const child = spawn(process.execPath, [RUN, SCRIPT], { env });
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return [status, said];
}
