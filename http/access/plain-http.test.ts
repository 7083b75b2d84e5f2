import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { Problem } from '../problem.ts';
import { createServer, type Server } from '../server.ts';

const FAR = '192.168.1.20';
const PASSWORD = { authorization: 'Basic YWRtaW46eA==' };
const running: Server[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

/** With routes that have been reached, if any. */
function createApp(options: Partial<Parameters<typeof createServer>[0]> = {}) {
  const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry(), ...options });
  running.push(app);
  const reached: string[] = [];
  const answer = ({ url }: { readonly url: string }) => {
    reached.push(url);
    return 'reached';
  };
  for (const url of ['/auth/login', '/auth/refresh', '/devices/activate', '/upload', '/devices/activated'])
    app.post(url, answer);
  app.get('/open', answer);
  app.get('/auth/keys', answer);
  app.get('/closed', () => {
    throw new Problem({ status: 401, code: 'not-signed-in', headers: { 'www-authenticate': 'Basic realm="x"' } });
  });
  return { app, reached };
}

interface Sent {
  readonly method?: 'POST';
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly payload?: object;
  readonly remoteAddress?: string;
}

async function ask(app: Server, sent: Sent): Promise<string> {
  const answer = await app.inject({ remoteAddress: FAR, ...sent });
  return answer.statusCode < 400 ? answer.body : `${answer.statusCode} ${answer.json().code}`;
}

describe('over plain HTTP from another host', () => {
  test.each<[string, Sent]>([
    ['a password', { url: '/open', headers: PASSWORD }],
    ['an access token', { url: '/open', headers: { authorization: 'Bearer abc' } }],
    ['a device token', { method: 'POST', url: '/upload', headers: { 'X-Device-Token': 'abc' } }],
    ['signing in', { method: 'POST', url: '/auth/login', payload: {} }],
    ['renewing', { method: 'POST', url: '/auth/refresh?again=1', payload: {} }],
    ['a pairing code', { method: 'POST', url: '/devices/activate', payload: {} }],
    ['a password for what is not there', { url: '/nothing', headers: PASSWORD }],
  ])('%s is refused before any route sees it', async (_, sent) => {
    const { app, reached } = createApp();
    expect(await ask(app, sent)).toBe('403 plain-http');
    expect(reached).toEqual([]);
  });

  test('it is told what to do', async () => {
    const { app } = createApp();
    const answer = await app.inject({ url: '/open', headers: PASSWORD, remoteAddress: FAR });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: '/problems/plain-http',
      title: 'Not over plain HTTP',
      status: 403,
      code: 'plain-http',
      detail: expect.stringMatching(/https:\/\/.*TLS_CERT_FILE and TLS_KEY_FILE/),
    });
  });

  test('nobody is asked for a password', async () => {
    const { app } = createApp();
    const far = await app.inject({ url: '/closed', remoteAddress: FAR });
    expect([far.statusCode, far.json().code, far.headers['www-authenticate']]).toEqual([403, 'plain-http', undefined]);
    const near = await app.inject({ url: '/closed' });
    expect([near.statusCode, near.headers['www-authenticate']]).toEqual([401, 'Basic realm="x"']);
  });

  test('what needs no credential is answered', async () => {
    const { app } = createApp();
    expect(await ask(app, { url: '/open' })).toBe('reached');
    expect(await ask(app, { url: '/auth/keys' })).toBe('reached');
    expect(await ask(app, { method: 'POST', url: '/upload' })).toBe('reached');
    expect(await ask(app, { method: 'POST', url: '/devices/activated' })).toBe('reached');
    expect(await ask(app, { url: '/nothing' })).toBe('404 not-found');
  });

  test('everything is taken where ALLOW_PLAIN_HTTP says so', async () => {
    const { app } = createApp({ allowPlainHttp: true });
    expect(await ask(app, { url: '/open', headers: PASSWORD })).toBe('reached');
    expect(await ask(app, { method: 'POST', url: '/auth/login', payload: {} })).toBe('reached');
    expect(await ask(app, { url: '/closed' })).toBe('401 not-signed-in');
  });
});

test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])(
  'from this machine (%s) all may come',
  async (from) => {
    const { app } = createApp();
    expect(await ask(app, { url: '/open', headers: PASSWORD, remoteAddress: from })).toBe('reached');
  },
);

test.each(['1270.0.0.1', '10.127.0.0', '128.0.0.1', '::2', '::ffff:10.0.0.1', 'fe80::1', '::ffff:127.0.0.1.evil'])(
  'but %s is not this machine',
  async (from) => {
    const { app } = createApp();
    expect(await ask(app, { url: '/open', headers: PASSWORD, remoteAddress: from })).toBe('403 plain-http');
  },
);

describe('behind a front', () => {
  const forwarded = (proto: string, address = '203.0.113.7') => ({
    ...PASSWORD,
    'x-forwarded-for': address,
    'x-forwarded-proto': proto,
  });
  const front = { url: '/open', remoteAddress: '172.30.251.3' };

  test('that is trusted, HTTPS to it counts, and plain HTTP to it does not', async () => {
    const { app } = createApp({ trustProxy: ['172.30.251.0/24'] });
    expect(await ask(app, { ...front, headers: forwarded('https') })).toBe('reached');
    expect(await ask(app, { ...front, headers: forwarded('http') })).toBe('403 plain-http');
    expect(await ask(app, { ...front, headers: PASSWORD })).toBe('403 plain-http');
  });

  test('on this machine, plain HTTP to it does not count either', async () => {
    const { app } = createApp({ trustProxy: ['127.0.0.1'] });
    const sent = { ...front, remoteAddress: '127.0.0.1' };
    expect(await ask(app, { ...sent, headers: forwarded('http') })).toBe('403 plain-http');
    expect(await ask(app, { ...sent, headers: forwarded('https') })).toBe('reached');
  });

  test('that nobody trusts, nothing it says counts', async () => {
    const { app } = createApp();
    expect(await ask(app, { ...front, headers: forwarded('https') })).toBe('403 plain-http');
    expect(await ask(app, { ...front, headers: forwarded('https', '127.0.0.1') })).toBe('403 plain-http');
  });
});

const own = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
if (own === undefined) console.warn('Not checked for want of a network: that plain HTTP from it is refused');

test.skipIf(own === undefined)('with real sockets: by the address in the network, and by loopback', async () => {
  const { app, reached } = createApp();
  await app.listen({ host: '0.0.0.0', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const status = (host: string, headers = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const sent = request({ host, port, path: '/open', headers }, async (answer) => {
        resolve([answer.statusCode, await text(answer)]);
      });
      sent.on('error', reject).end();
    });
  expect(await status(String(own), PASSWORD)).toEqual([403, expect.stringContaining('"code":"plain-http"')]);
  expect(await status(String(own), { 'x-device-token': 'x' })).toEqual([403, expect.anything()]);
  expect(reached).toEqual([]);
  expect(await status(String(own))).toEqual([200, 'reached']);
  expect(await status('127.0.0.1', PASSWORD)).toEqual([200, 'reached']);
});
