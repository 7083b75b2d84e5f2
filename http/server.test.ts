import { describe, expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import { Problem } from './problem.ts';
import { createTestServer } from './server-under-test.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceId = '0af7651916cd43dd8448eb211c80319c';

describe('traces', () => {
  test('goes on with the caller’s trace, and says so', async () => {
    const { app } = createTestServer((server) => server.get('/trace', (request) => request.trace));
    const answer = await app.inject({ url: '/trace', headers: { traceparent } });
    expect(answer.json().traceId).toBe(traceId);
    expect(answer.headers.traceparent).toBe(answer.json().traceparent);
    expect(answer.headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[\da-f]{16}-01$/);
  });

  test('begins one where there is none', async () => {
    const { app } = createTestServer((server) => server.get('/trace', (request) => request.trace));
    const answer = await app.inject('/trace');
    expect(answer.json().traceId).toMatch(/^[\da-f]{32}$/);
  });
});

describe('problems', () => {
  test('are sent as they are thrown, with their headers', async () => {
    const { app } = createTestServer((server) =>
      server.get('/full', () => {
        throw new Problem({
          status: 507,
          code: 'disk-full',
          title: 'Disk full',
          detail: 'No room for pictures.',
          headers: { 'retry-after': '60' },
        });
      }),
    );
    const answer = await app.inject({ url: '/full', headers: { traceparent } });
    expect(answer.statusCode).toBe(507);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['retry-after']).toBe('60');
    expect(answer.json()).toEqual({
      type: '/problems/disk-full',
      title: 'Disk full',
      status: 507,
      detail: 'No room for pictures.',
      code: 'disk-full',
      trace_id: traceId,
    });
  });

  test('an unknown path is 404, whatever is sent there; a known one with another method is 405', async () => {
    const { app } = createTestServer((server) => {
      server.get('/things/:id', () => 'thing');
      server.put('/things/:id', () => 'thing');
    });
    const unknown = await app.inject({
      method: 'POST',
      url: '/nothing',
      headers: { 'content-type': 'image/jpeg' },
      payload: 'x',
    });
    expect([unknown.statusCode, unknown.json().code, unknown.json().type]).toEqual([404, 'not-found', 'about:blank']);
    const other = await app.inject({ method: 'DELETE', url: '/things/5?a=b' });
    expect([other.statusCode, other.json().code, other.headers.allow]).toEqual([
      405,
      'method-not-allowed',
      'GET, HEAD, PUT',
    ]);
    expect((await app.inject({ method: 'DELETE', url: '/things/5/6' })).statusCode).toBe(404);
  });

  test('a URL that cannot be decoded is 400, with all headers', async () => {
    const { app, lines } = createTestServer((server) => server.get('/things/:id', () => 'thing'));
    const answer = await app.inject({ url: '/things/%zz', headers: { traceparent } });
    expect([answer.statusCode, answer.json().code, answer.json().trace_id]).toEqual([400, 'malformed-url', traceId]);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(lines).toHaveLength(1);
    const long = await app.inject(`/things/${'x'.repeat(200)}`);
    expect([long.statusCode, long.json().code]).toEqual([414, 'url-too-long']);
  });
});

describe('our own failures', () => {
  const secret = 'connect ECONNREFUSED 10.0.0.5:5432';

  test('an outage asks to try again, and shows nothing from inside', async () => {
    const { app, lines } = createTestServer((server) =>
      server.get('/out', () => {
        throw new Outage('the store', new Error(secret));
      }),
    );
    const answer = await app.inject('/out');
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([503, 'unavailable', '2']);
    expect(answer.body).not.toContain('10.0.0.5');
    expect(lines).toMatchObject([{ level: 40, status: 503, reason: `the store: ${secret}` }]);
  });

  test('a bug is 500 with a trace, and its stack is in the log only', async () => {
    const { app, lines } = createTestServer((server) =>
      server.get('/bug', () => {
        throw new TypeError('x is not a function', { cause: new Error(secret) });
      }),
    );
    const answer = await app.inject({ url: '/bug', headers: { traceparent } });
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal',
      trace_id: traceId,
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 50, trace_id: traceId, error: { type: 'TypeError' } });
    expect(JSON.stringify(lines[0])).toContain('server.test.ts');
    expect(JSON.stringify(lines[0])).toContain(secret);
  });
});

describe('log lines', () => {
  test('one for each request, by its route, with device and frame, without what is secret', async () => {
    const { app, lines } = createTestServer((server) =>
      server.post('/devices/:id', (request) => {
        request.deviceId = 'camera-1';
        request.frameId = 'frame-1';
        return { ok: true };
      }),
    );
    await app.inject({
      method: 'POST',
      url: '/devices/hidden-1?token=hidden-2',
      headers: { authorization: 'Basic hidden-3', 'x-device-token': 'hidden-4', traceparent },
      payload: { password: 'hidden-5' },
    });
    await app.inject('/hidden-6?token=hidden-7');
    expect(lines).toMatchObject([
      {
        level: 20,
        method: 'POST',
        route: '/devices/:id',
        status: 200,
        device: 'camera-1',
        frame: 'frame-1',
        trace_id: traceId,
      },
      { level: 30, method: 'GET', route: null, status: 404, code: 'not-found' },
    ]);
    expect(JSON.stringify(lines)).not.toContain('hidden');
  });
});

test('pages may load only what is ours, and nobody may frame them', async () => {
  const { app } = createTestServer((server) => server.get('/', () => 'page'));
  const { headers } = await app.inject('/');
  expect(headers['content-security-policy']).toContain("default-src 'self'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['referrer-policy']).toBe('same-origin');
});
