import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import { createRecordedTracing } from '../ports/tracing/recorded-under-test.ts';
import { registerHealth } from './health.ts';
import { Problem } from './problem.ts';
import { createTestServer } from './server-under-test.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

function open() {
  const tracing = createRecordedTracing();
  const { app, lines } = createTestServer((server) => {
    server.get('/things/:id', (request) => {
      request.deviceId = 'camera-1';
      request.frameId = 'its-id';
      return { trace: request.trace };
    });
    server.get('/outage', () => {
      throw new Outage('the database', 'is away');
    });
    server.get('/refused', () => {
      throw new Problem({ status: 422, code: 'not-that' });
    });
    registerHealth(server, { ready: {}, metrics: new Registry() });
  }, tracing);
  return { app, lines, tracing };
}

test("a request's span goes on with the caller's trace, and the request with the span", async () => {
  const { app, lines, tracing } = open();
  const answer = await app.inject({
    url: '/things/7?token=hidden-1',
    headers: { traceparent, authorization: 'hidden-2' },
  });
  const [span, ...others] = tracing.spans;
  expect(others).toEqual([]);
  expect(span).toMatchObject({
    name: 'GET /things/:id',
    kind: 'server',
    trace: { traceId },
    parentSpanId: 'b7ad6b7169203331',
    ends: 1,
    error: undefined,
  });
  expect(span?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/things/:id',
    'http.response.status_code': 200,
    'url.scheme': 'http',
    'passerby.device_id': 'camera-1',
    'passerby.frame_id': 'its-id',
    'passerby.problem': null,
  });
  expect(answer.headers.traceparent).toBe(span?.trace.traceparent);
  expect(answer.json().trace).toEqual(span?.trace);
  expect(lines).toMatchObject([{ msg: 'request', trace_id: traceId }]);
  expect(JSON.stringify(tracing.spans)).not.toContain('hidden');
});

test.each([
  ['none', {}],
  ['nonsense', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }],
  ['one that never ends', { traceparent: '0'.repeat(8_000), tracestate: 'x'.repeat(4_000) }],
])('where a caller sends %s, a trace begins, by which the log and the answer know it', async (_, headers) => {
  const { app, lines, tracing } = open();
  const answer = await app.inject({ url: '/things/7', headers });
  const [span] = tracing.spans;
  expect(answer.statusCode).toBe(200);
  expect(span).toMatchObject({ parentSpanId: null, ends: 1 });
  expect(answer.headers.traceparent).toBe(span?.trace.traceparent);
  expect(lines).toMatchObject([{ trace_id: span?.trace.traceId }]);
});

test.each([
  ['/outage', 503, expect.any(Outage), 'unavailable', 'GET /outage'],
  ['/refused', 422, undefined, 'not-that', 'GET /refused'],
  ['/nowhere', 404, undefined, 'not-found', 'GET'],
  ['/things/%zz', 400, undefined, 'malformed-url', 'GET'],
])('%s is answered %d, and only what is our own trouble has failed', async (url, status, error, code, name) => {
  const { app, tracing } = open();
  expect((await app.inject(url)).statusCode).toBe(status);
  expect(tracing.spans).toMatchObject([
    { name, ends: 1, error, attributes: { 'http.response.status_code': status, 'passerby.problem': code } },
  ]);
});

test.each(['/livez', '/readyz', '/metrics'])('what is asked every few seconds has no span: %s', async (url) => {
  const { app, tracing } = open();
  expect((await app.inject(url)).statusCode).toBe(200);
  expect(tracing.spans).toEqual([]);
});
