import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../ports/free-ports.ts';
import { needs } from '../ports/servers-under-test.ts';
import { type Collector, startCollector } from '../ports/tracing/collector-under-test.ts';
import { PASSWORD, startInstallation } from './alerts/installation.ts';
import { createDeath, createServiceProcess, untilReady } from './crash/service-process.ts';
import { basicAuthorization } from './simulate/basic-authorization.ts';
import { evenTimes, runCamera } from './simulate/camera.ts';
import { enrol } from './simulate/enrol.ts';
import { createScene } from './simulate/scene.ts';
import { createUploader } from './simulate/upload.ts';
import { hasTools, TOOLS_FOLDER } from './stack/tools.ts';

/** The programs as they are started, told where to send spans by OTEL_EXPORTER_OTLP_ENDPOINT and nothing else. */
const WITHIN_MS = 420_000;
const patient = { timeout: 180_000, interval: 500 };
const toolsAreHere = hasTools(TOOLS_FOLDER);
if (!toolsAreHere)
  console.warn('SKIPPED: dev/tracing-services.e2e.test.ts on Kafka: `npm run stack` fetches the servers.');

/** By which program of the production profile it is made. */
const SPANS: Readonly<Record<string, readonly string[]>> = {
  ingest: ['POST /devices/activate', 'claim', 'put picture', 'send frames'],
  processor: ['process frames', 'fetch', 'decode', 'motion', 'infer', 'step', 'commit'],
  aggregator: ['write frames', 'write observations', 'write events'],
  snapshots: ['draw snapshot'],
  console: ['POST /devices/pair', 'GET /api/events'],
};

let folder: string;
let collector: Collector;
const stops: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-tracing-'));
  collector = await startCollector();
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  vi.unstubAllEnvs();
  await collector.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}, WITHIN_MS);

/** Until everything that is wanted has arrived; then, whether it hangs together, and events lead there. */
async function expectTraced(consoleUrl: string, serviceOf: (program: string) => string): Promise<void> {
  const eventsOf = async () => {
    const headers = { authorization: basicAuthorization({ password: PASSWORD }) };
    const answer = await fetch(`${consoleUrl}/api/events`, { headers });
    return ((await answer.json()) as { events: readonly { readonly trace_id: string | null }[] }).events;
  };
  await expect.poll(async () => (await eventsOf()).length, patient).toBeGreaterThan(0);
  const [event] = (await eventsOf()).toReversed();
  const wanted = Object.entries(SPANS).flatMap(([program, names]) =>
    names.map((name) => `${serviceOf(program)}: ${name}`),
  );
  const missing = () => {
    const there = new Set(collector.spans.map(({ name, resource }) => `${resource['service.name']}: ${name}`));
    return wanted.filter((one) => !there.has(one));
  };
  await expect.poll(missing, patient).toEqual([]);

  const byId = new Map(collector.spans.map((span) => [span.spanId, span]));
  /** As far as they have arrived: a span is sent when it has ended, and a parent ends later. */
  const parentsOf = (name: string) => {
    const those = collector.spans.filter((span) => span.name === name);
    return new Set(those.flatMap(({ parentSpanId }) => byId.get(parentSpanId ?? '')?.name ?? []));
  };
  expect([...parentsOf('claim')]).toEqual([expect.stringMatching(/^POST /)]);
  expect([...parentsOf('process frames')]).toEqual(['send frames']);
  expect([...parentsOf('draw snapshot')]).toEqual(['process frames']);
  // A child is of its parent's trace, wherever it was made.
  const strays = collector.spans.filter((span) => {
    const parent = byId.get(span.parentSpanId ?? '');
    return parent && parent.traceId !== span.traceId;
  });
  expect(strays).toEqual([]);
  const namesOfEvent = () =>
    collector.spans.filter(({ traceId }) => traceId === event?.trace_id).map(({ name }) => name);
  const onItsWay = ['claim', 'put picture', 'send frames', 'process frames', 'commit'];
  await expect.poll(namesOfEvent, patient).toEqual(expect.arrayContaining(onItsWay));
}

describe('spans of programs', () => {
  test('npm start', { timeout: WITHIN_MS }, async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const { died, tell } = createDeath();
    const service = createServiceProcess({
      program: 'dev/all.ts',
      env: {
        DATABASE_URL: '',
        DATA_DIR: join(folder, 'data'),
        PORT: new URL(url).port,
        ADMIN_PASSWORD: PASSWORD,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
      logFile: join(folder, 'all.log'),
      onDied: tell,
    });
    service.start();
    stops.push(() => service.stop());
    await Promise.race([untilReady(url), died]);
    const tokens = await enrol({ url, consoleUrl: url, password: PASSWORD, deviceIds: ['camera-1'] });
    const stopCamera = new AbortController();
    const camera = runCamera({
      deviceId: 'camera-1',
      timesMs: evenTimes({ frameCount: 100_000, fps: 5 }),
      startMs: Date.now(),
      render: createScene({ seed: 1, camera: 'camera-1', fps: 5 }).render,
      upload: createUploader({ url, timeoutMs: 5_000, tokens }),
      pace: 'real-time',
      duplicateShare: 0,
      signal: stopCamera.signal,
    });
    stops.push(async () => {
      stopCamera.abort();
      await camera.catch(() => undefined);
    });
    await Promise.race([expectTraced(url, () => 'passerby'), died]);
  });

  test.skipIf(!toolsAreHere)(`each by itself, on Kafka and S3 ${needs('tools')}`, { timeout: WITHIN_MS }, async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    const installation = await startInstallation({ folder });
    stops.push(() => installation.close());
    const stopCamera = new AbortController();
    const camera = installation.runCamera({ deviceId: 'camera-1', fps: 5, signal: stopCamera.signal });
    stops.push(async () => {
      stopCamera.abort();
      await camera.catch(() => undefined);
    });
    const { url } = installation.urls.console;
    await Promise.race([expectTraced(url, (program) => `passerby-${program}`), installation.died]);
  });
});
