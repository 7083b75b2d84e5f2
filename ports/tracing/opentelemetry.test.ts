import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../http/read-config.ts';
import { Outage } from '../errors.ts';
import { type Collector, startCollector } from './collector-under-test.ts';
import { tracingConfig } from './config.ts';
import { type OpenedTracing, openTracing } from './open-tracing.ts';
import { isSampled, readTraceparent } from './trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const caller = `00-${traceId}-b7ad6b7169203331-01`;
const unsampled = `00-${traceId}-b7ad6b7169203331-00`;

let collector: Collector;
const said: object[] = [];
const logger = { warn: (line: object) => said.push(line), info: (line: object) => said.push({ info: line }) };
beforeEach(async () => {
  collector = await startCollector();
  said.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await collector.close();
});

/** As a service reads it from its environment, which the SDK looks into as well. */
function open(env: Readonly<Record<string, string>> = {}): Promise<OpenedTracing | null> {
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  const config = readConfig(tracingConfig, process.env);
  return openTracing({ config, service: 'passerby-test', messagingSystem: 'kafka', logger, sendEveryMs: 20 });
}

async function opened(env: Readonly<Record<string, string>> = {}): Promise<OpenedTracing> {
  const tracing = await open(env);
  if (!tracing) throw new Error('there is no tracing');
  return tracing;
}

describe('tracing is on', () => {
  test.each([
    ['with an endpoint', {}, true],
    ['without one', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    ['unless it is disabled', { OTEL_SDK_DISABLED: 'true' }, false],
    ['if it is not disabled', { OTEL_SDK_DISABLED: 'false' }, true],
  ])('%s', async (_, env, expected) => {
    const tracing = await open(env);
    expect(tracing !== null).toBe(expected);
    await tracing?.close();
  });
});

describe('spans', () => {
  test('are sent with whom they are of, and what led to them', async () => {
    const tracing = await opened();
    const root = tracing.begin('POST', { kind: 'server', parent: { traceparent: caller, tracestate: 'vendor=1' } });
    const child = tracing.begin('claim', { parent: root.trace });
    child.note({ 'passerby.outcome': 'claimed', nothing: null, count: 3, isSo: true });
    child.end();
    root.rename('POST /upload');
    root.end();
    const link = { traceparent: `00-${'a'.repeat(32)}-${'c'.repeat(16)}-01` };
    const malformed = { traceparent: 'nonsense' };
    const reading = tracing.begin('write events', { kind: 'consumer', parent: root.trace, links: [link, malformed] });
    reading.end(new Outage('the database', 'is away'));
    tracing.begin('GET', { parent: root.trace }).end(new TypeError('no hidden-1 to be read'));
    await tracing.close();

    const [claim, post, write, get] = collector.spans;
    expect(collector.spans).toHaveLength(4);
    expect(post).toMatchObject({
      name: 'POST /upload',
      kind: 'server',
      traceId,
      parentSpanId: 'b7ad6b7169203331',
      parentIsRemote: true,
      traceState: 'vendor=1',
      failure: null,
      resource: { 'service.name': 'passerby-test' },
    });
    expect(claim).toMatchObject({ name: 'claim', kind: 'internal', traceId, parentSpanId: post?.spanId });
    expect(claim?.parentIsRemote).toBe(false);
    expect(claim?.attributes).toEqual({ 'passerby.outcome': 'claimed', count: 3, isSo: true });
    expect(write).toMatchObject({
      kind: 'consumer',
      parentSpanId: post?.spanId,
      links: [{ traceId: 'a'.repeat(32), spanId: 'c'.repeat(16) }],
      failure: expect.stringContaining('is away'),
      attributes: { 'messaging.system': 'kafka', 'error.type': 'Outage' },
    });
    // What others say when they fail may quote what somebody has sent.
    expect(get).toMatchObject({ failure: '', attributes: { 'error.type': 'TypeError' } });
    expect(JSON.stringify(get)).not.toContain('hidden');
    expect(root.trace).toEqual({
      traceId,
      traceparent: `00-${traceId}-${post?.spanId}-01`,
      tracestate: 'vendor=1',
    });
    expect(said).toEqual([]);
  });

  test('that are told of afterwards last as long as they did', async () => {
    const tracing = await opened();
    tracing.begin('commit', { beganMs: performance.now() - 250 }).end();
    await tracing.close();
    expect(collector.spans[0]?.durationMs).toBeGreaterThanOrEqual(250);
    expect(collector.spans[0]?.durationMs).toBeLessThan(10_000);
  });

  test.each([
    ['a traceparent that is none', { traceparent: 'nonsense' }],
    ['one of no trace', { traceparent: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` }],
    ['a tracestate without a traceparent', { tracestate: 'a=1' }],
    ['nothing', {}],
  ])('of %s begin a trace', async (_, parent) => {
    const tracing = await opened();
    const span = tracing.begin('GET', { parent });
    span.end();
    await tracing.close();
    expect(collector.spans).toMatchObject([{ traceId: span.trace.traceId, parentSpanId: null, traceState: null }]);
  });

  test('hand on no more of a tracestate than is allowed', async () => {
    const tracing = await opened();
    const hostile = Array.from({ length: 1_000 }, (_, at) => `vendor${at}=${'x'.repeat(200)}`).join(',');
    const { trace } = tracing.begin('GET', { parent: { traceparent: caller, tracestate: hostile } });
    await tracing.close();
    expect(trace.traceId).toBe(traceId);
    expect(trace.tracestate?.length ?? 0).toBeLessThanOrEqual(512);
  });

  test('say what the environment wants said, and are sent with its headers', async () => {
    const tracing = await opened({
      OTEL_SERVICE_NAME: 'another',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=shop,service.name=overruled',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=north',
    });
    tracing.begin('GET').end();
    await tracing.close();
    expect(collector.spans[0]?.resource).toMatchObject({
      'service.name': 'another',
      'deployment.environment.name': 'shop',
    });
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'north' });
  });
});

describe('which traces are looked at', () => {
  test.each([
    ['parentbased_always_on', '', [true, true, false]],
    ['parentbased_always_off', '', [false, true, false]],
    ['parentbased_traceidratio', '0', [false, true, false]],
    ['parentbased_traceidratio', '1', [true, true, false]],
    ['always_on', '', [true, true, true]],
    ['always_off', '', [false, false, false]],
    ['traceidratio', '0', [false, false, false]],
    ['traceidratio', '1', [true, true, true]],
    ['', '', [true, true, false]],
  ])('%s %s', async (sampler, share, expected) => {
    const tracing = await opened({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: share });
    const parents = [undefined, caller, unsampled].map((traceparent) => (traceparent ? { traceparent } : {}));
    const spans = parents.map((parent, at) => tracing.begin(String(at), { parent }));
    for (const span of spans) span.end();
    await tracing.close();
    const isLookedAt = (at: number) => collector.spans.some(({ name }) => name === String(at));
    expect(parents.map((_, at) => isLookedAt(at))).toEqual(expected);
    // Whoever comes after is told so, and of which trace.
    const told = spans.map(({ trace }) => readTraceparent(trace.traceparent));
    expect(told.map((place) => place && isSampled(place))).toEqual(expected);
    expect(told.slice(1).map((place) => place?.traceId)).toEqual([traceId, traceId]);
  });

  test.each([
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER'],
    [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_SDK_DISABLED: 'perhaps' }, 'OTEL_SDK_DISABLED'],
  ])('%o is refused in words', async (env, name) => {
    expect(() => open(env)).toThrow(name);
  });
});

describe('while whoever collects is away', () => {
  test('spans are lost, which is said once, and that they get through again', async () => {
    const tracing = await opened();
    collector.answer(400);
    tracing.begin('lost').end();
    await expect.poll(() => said).toEqual([{ reason: expect.stringContaining('Bad Request') }]);
    tracing.begin('lost as well').end();
    await expect.poll(() => collector.refused()).toBe(2);
    collector.answer(200);
    tracing.begin('sent').end();
    await expect.poll(() => said.slice(1)).toEqual([{ info: 'spans are sent again' }]);
    await tracing.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(['sent']);
  });

  test('whoever stops a service does not wait for it', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((settle) => silent.listen(0, '127.0.0.1', settle));
    const { port } = silent.address() as AddressInfo;
    const tracing = await opened({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    tracing.begin('lost').end();
    const beganMs = performance.now();
    await tracing.close();
    // Its exporter would wait for ten seconds.
    expect(performance.now() - beganMs).toBeLessThan(8_000);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
