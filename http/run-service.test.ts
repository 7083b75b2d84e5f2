import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { startCollector } from '../ports/tracing/collector-under-test.ts';
import { makeTestCerts } from './tls/certs-under-test.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const RUN = fileURLToPath(new URL('../dev/run.mjs', import.meta.url));
const SERVICE = fileURLToPath(new URL('./service-under-test.ts', import.meta.url));

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [RUN, SERVICE], { env: { ...process.env, HOST: '', PORT: '', ...env } });
  running.push(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = once(child, 'exit').then(([status]) => status as number | null);
  const lines = () =>
    said
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { child, ended, lines, said: () => said };
}

/** What only makes spans; the API by which prom-client would mark them is there anyway, and does nothing. */
const SDK = /@opentelemetry[/\\](?!api[/\\])/;

describe('a service of the production profile', () => {
  test('speaks HTTPS with TLS_CERT_FILE and TLS_KEY_FILE, says so, and stops as it should', async () => {
    const { ca, files } = await makeTestCerts();
    const { child, ended, lines } = start({ TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: files.keyFile });
    const up = () => lines().find(({ msg }) => msg === 'up');
    await expect
      .poll(up, { timeout: 20_000 })
      .toMatchObject({ url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) });
    const ask = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const sent = request(`${up()?.url}${path}`, { ca }, (reply) => resolve(text(reply)));
        sent.on('error', reject).end();
      });
    expect(await ask('/hello')).toBe('hello');
    // By both, Grafana marks a start, and of which release.
    const metrics = await ask('/metrics');
    expect(metrics).toContain(`passerby_build_info{version="${version}",node="${process.versions.node}"} 1\n`);
    expect(metrics).toMatch(/^process_start_time_seconds \d+/m);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('says in words what is wrong with them', async () => {
    const { files } = await makeTestCerts();
    const { ended, said } = start({ TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: '' });
    expect(await ended).toBe(1);
    expect(said()).toContain('set both, or neither. TLS_KEY_FILE is not set');
    expect(said()).not.toMatch(/\n\s+at /);
  });

  test('warns where others could send it passwords over plain HTTP', async () => {
    const { child, ended, lines } = start({ HOST: '0.0.0.0' });
    await expect.poll(() => lines().some(({ msg }) => msg === 'up'), { timeout: 20_000 }).toBe(true);
    expect(lines().filter(({ level }) => level === 40)).toMatchObject([
      { msg: expect.stringContaining('FROM OTHER HOSTS ARE REFUSED') },
    ]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test.each([
    ['where it is told where to', {}, true],
    ['unless OTEL_SDK_DISABLED says no', { OTEL_SDK_DISABLED: 'true' }, false],
    ['and else nothing of what makes them is loaded', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  ])('sends spans %s', async (_, env, isTraced) => {
    const collector = await startCollector();
    const { child, ended, lines } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOG_LEVEL: 'debug', ...env });
    const up = () => lines().find(({ msg }) => msg === 'up');
    await expect.poll(up, { timeout: 20_000 }).toBeDefined();
    const ask = (path: string) => fetch(`${up()?.url}${path}`);
    const [, traceId] = (await ask('/hello')).headers.get('traceparent')?.split('-') ?? [];
    const loaded = (await (await ask('/loaded')).json()) as string[];
    expect(loaded.length).toBeGreaterThan(50);
    expect(loaded.some((file) => SDK.test(file))).toBe(isTraced);
    // What it has not sent yet it sends when it stops.
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    const spans = collector.spans.map(({ name, resource }) => `${resource['service.name']}: ${name}`);
    expect(spans).toEqual(isTraced ? ['passerby-test: GET /hello', 'passerby-test: GET /loaded'] : []);
    if (isTraced) expect(collector.spans[0]?.traceId).toBe(traceId);
    // By the trace's id the log is found in either case.
    expect(lines().find(({ msg, route }) => msg === 'request' && route === '/hello')).toMatchObject({
      trace_id: traceId,
    });
    await collector.close();
  });
});
