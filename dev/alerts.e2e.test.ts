import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../ports/servers-under-test.ts';
import { askPrometheus } from './alerts/ask-prometheus.ts';
import { type Installation, startInstallation } from './alerts/installation.ts';
import { startWatchers, type Watchers } from './alerts/watchers.ts';
import { startWebhook, type Webhook } from './alerts/webhook.ts';
import { hasProgram, read } from './compose/compose-file-under-test.ts';
import { metricsIn } from './compose/metrics-under-test.ts';
import { hasTools, TOOLS_FOLDER } from './stack/tools.ts';

/**
 * From a fault to whoever is to be told, and back: the shipped rules in a real Prometheus, the shipped routes in a real
 * Alertmanager, real services. An hour is a minute here (alerts/shorten.ts); nothing else of the rules is changed.
 */
const FACTOR = 60;
const why = 'the way of an alert to whoever is told';
const hasAll = [
  hasTools(TOOLS_FOLDER),
  hasProgram('prometheus', ['--version'], why),
  hasProgram('prometheus-alertmanager', ['--version'], why),
].every(Boolean);
if (!hasAll)
  console.warn('SKIPPED: dev/alerts.e2e.test.ts: it needs Prometheus, Alertmanager, and `npm run stack` once.');

/** On two cores with nothing else to do the whole takes a minute; what is waited for here are conditions. */
const STARTED_WITHIN_MS = 420_000;
const TOLD_WITHIN_MS = 120_000;

describe.skipIf(!hasAll)(`an alert ${needs('tools')}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-alerts-'));
  const stopCamera = new AbortController();
  /** Of what ended though nobody had asked it to. */
  const deaths: string[] = [];
  let installation: Installation;
  let webhook: Webhook;
  let watchers: Watchers;
  let camera: Promise<void>;

  beforeAll(async () => {
    webhook = await startWebhook();
    installation = await startInstallation({ folder });
    watchers = await startWatchers({
      folder,
      services: installation.urls,
      webhookUrl: webhook.url,
      factor: FACTOR,
      onDeath: (words) => deaths.push(words),
    });
    installation.died.catch((error: Error) => deaths.push(error.message));
    camera = installation.runCamera({ deviceId: 'camera-1', fps: 1, signal: stopCamera.signal });
    camera.catch((error: Error) => deaths.push(error.message));
  }, STARTED_WITHIN_MS);
  afterAll(async () => {
    stopCamera.abort();
    await camera?.catch(() => undefined);
    await watchers?.stop();
    await installation?.close();
    await webhook?.close();
    rmSync(folder, { recursive: true, force: true });
  }, STARTED_WITHIN_MS);

  const valuesOf = async (query: string) => {
    const { result } = await askPrometheus<{ result: readonly { readonly value: readonly [number, string] }[] }>(
      watchers.url,
      'query',
      { query },
    );
    return result.map(({ value: [, value] }) => Number(value));
  };
  const lagging = () =>
    webhook.told.filter(
      ({ labels }) =>
        labels.alertname === 'PasserbyLagging' && labels.group === 'processor-live' && labels.topic === 'frames',
    );

  test('asks for nothing that no service tells of', { timeout: STARTED_WITHIN_MS }, async () => {
    const asked = metricsIn(read('ops/prometheus/rules.yml')).filter((name) => !name.startsWith('passerby:'));
    expect(asked.length).toBeGreaterThan(15);
    // By their descriptions: what has not happened yet has no series.
    const untold = async () => {
      const told = await askPrometheus<Readonly<Record<string, unknown>>>(watchers.url, 'metadata');
      return asked.filter((name) => told[name] === undefined);
    };
    await expect.poll(untold, { timeout: TOLD_WITHIN_MS, interval: 500 }).toEqual([]);
  });

  test('reaches whoever is to be told when the processor stops, and so does its end', {
    timeout: STARTED_WITHIN_MS,
  }, async () => {
    const patient = { timeout: TOLD_WITHIN_MS, interval: 200 };
    // All is well, and frames are looked at.
    const looked = () => valuesOf('sum(passerby_processor_frames_total) > 2');
    await expect.poll(looked, patient).toHaveLength(1);
    const isLagging = 'ALERTS{alertname="PasserbyLagging", group="processor-live"}';
    await expect.poll(() => valuesOf(isLagging), patient).toEqual([]);
    const before = lagging().length;

    await installation.stop('processor');
    await expect.poll(() => lagging().slice(before).at(-1)?.status, patient).toBe('firing');
    const alert = lagging().at(-1);
    expect(alert?.labels.severity).toBe('warning');
    expect(alert?.annotations).toMatchObject({
      summary: 'processor-live is behind in frames',
      description: expect.stringMatching(/^The oldest record has waited for [\d.]+m?s/),
      runbook_url: 'ops/RUNBOOK.md#lagging',
    });

    await installation.start('processor');
    await expect.poll(() => lagging().at(-1)?.status, patient).toBe('resolved');
    expect(lagging().at(-1)?.fingerprint).toBe(alert?.fingerprint);
    expect(deaths).toEqual([]);
  });
});
