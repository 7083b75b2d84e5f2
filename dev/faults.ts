import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Installation, startInstallation } from './alerts/installation.ts';
import { startWatchers, type Watchers } from './alerts/watchers.ts';
import { startWebhook } from './alerts/webhook.ts';
import { createFaults, type Fault } from './faults/faults.ts';
import { metricsOf, readSeries } from './faults/read-series.ts';
import { recordedFile } from './faults/recorded-file.ts';

/**
 * `npm run faults -- --fault processor-stopped`: makes a fault in a real installation of its own, with real servers, while a
 * real Prometheus asks it as it asks in production; and writes what that has seen into ops/prometheus/recorded, as promtool
 * takes it. Tests have the shipped rules look at it from then on. Several faults come one after the other, each in an
 * installation of its own.
 */
const FAULTS = createFaults();
const USAGE = `Usage: npm run faults -- --fault ${Object.keys(FAULTS).join('|')} [--fault …]`;
const OPS = fileURLToPath(new URL('../ops/prometheus', import.meta.url));
/** As ops/prometheus/prometheus.yml has it. */
const STEP_S = 15;
const CALM_S = 60;
const AFTER_S = 120;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { values } = parseArgs({
  options: { fault: { type: 'string', multiple: true, default: [] }, help: { type: 'boolean', default: false } },
});
const unknown = values.fault.filter((name) => !(name in FAULTS));

if (values.help || values.fault.length === 0 || unknown.length > 0) {
  console.error(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  for (const name of values.fault) await record(name, FAULTS[name] as Fault);
}

async function record(name: string, fault: Fault): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `passerby-fault-${name}-`));
  const say = (line: string) => console.log(`${name}: ${line}`);
  const unmount = fault.diskBytes === undefined ? () => undefined : mountDisk(folder, fault.diskBytes);
  const settings: Readonly<Record<string, string>> =
    fault.diskBytes === undefined ? {} : { DISK_FOLDERS: `database=${folder}` };
  const installation = await startInstallation({ folder, settings, say });
  const stopCamera = new AbortController();
  const webhook = await startWebhook();
  const camera = installation.runCamera({ deviceId: 'camera-1', fps: 1, signal: stopCamera.signal });
  camera.catch(() => undefined);
  let watchers: Watchers | null = null;
  try {
    watchers = await startWatchers({
      folder,
      services: installation.urls,
      webhookUrl: webhook.url,
      onDeath: (why) => {
        throw new Error(why);
      },
    });
    const text = await watch({ name, fault, installation, url: watchers.url, say });
    mkdirSync(join(OPS, 'recorded'), { recursive: true });
    writeFileSync(join(OPS, 'recorded', `${name}.yml`), text);
    say(`written to ops/prometheus/recorded/${name}.yml`);
  } finally {
    stopCamera.abort();
    await camera.catch(() => undefined);
    await watchers?.stop();
    await installation.close();
    await webhook.close();
    unmount();
  }
  rmSync(folder, { recursive: true, force: true });
}

/** A disk that is full before this machine's is, until this process ends at the latest. */
function mountDisk(folder: string, bytes: number): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'passerby-fault', folder]);
  const unmount = () => void spawnSync('umount', ['--lazy', folder]);
  process.once('exit', unmount);
  return () => {
    process.off('exit', unmount);
    unmount();
  };
}

async function watch(made: {
  readonly name: string;
  readonly fault: Fault;
  readonly installation: Installation;
  readonly url: string;
  readonly say: (line: string) => void;
}): Promise<string> {
  const { name, fault, installation, url, say } = made;
  const pass = (seconds: number) => Promise.race([sleep(seconds * 1_000), installation.died]);
  // What is seen first is a start, and no calm: one round of questions before that begins.
  await pass(2 * STEP_S);
  const fromS = Math.floor(Date.now() / 1_000);
  const sinceS = () => Math.floor(Date.now() / 1_000) - fromS;
  await pass(CALM_S);
  say(`${fault.words}: it begins`);
  const beganS = sinceS();
  await fault.begin(installation);
  await pass(fault.lastsMin * 60);
  const endedS = sinceS();
  say('it ends');
  await fault.end(installation);
  await pass(AFTER_S);
  const overS = sinceS();
  const rules = readFileSync(join(OPS, 'rules.yml'), 'utf8');
  const span = { fromS, steps: Math.floor(overS / STEP_S), stepS: STEP_S };
  const series = await readSeries(url, metricsOf(rules), span);
  return recordedFile({ name, fault, stepS: STEP_S, series, beganS, endedS, overS });
}
