import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../ports/servers-under-test.ts';
import { createEmbeddedTarget } from './crash/embedded.ts';
import { createKafkaTarget } from './crash/kafka.ts';
import { planBlows } from './crash/kills.ts';
import { differences } from './crash/outcome.ts';
import { type RunOptions, run } from './crash/run.ts';
import { hasTools, TOOLS_FOLDER } from './stack/tools.ts';

/** A short `npm run crash`: enough kills to see that the whole holds together, few enough for every test run. */
const given = { seed: 7, devices: 4, fps: 5, onProgress: () => undefined };
const toolsAreHere = hasTools(TOOLS_FOLDER);
if (!toolsAreHere) console.warn('SKIPPED: dev/crash.e2e.test.ts on Kafka: `npm run stack` fetches the servers.');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-e2e-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function crash(createTarget: RunOptions['createTarget'], name: string, seconds: number) {
  const plan: RunOptions['plan'] = (blows) => planBlows(given.seed, seconds, blows);
  const options = { ...given, createTarget, seconds };
  const crashed = await run({ ...options, dataDir: join(folder, name, 'crashed'), plan });
  const calm = await run({
    ...options,
    createTarget: createEmbeddedTarget,
    dataDir: join(folder, name, 'calm'),
    plan: null,
  });
  expect(crashed.kills).toBeGreaterThan(1);
  expect(crashed.acknowledged).toHaveLength(seconds * given.devices * given.fps);
  expect(crashed.outcome.lost).toEqual([]);
  expect(crashed.outcome.duplicated).toEqual([]);
  expect(crashed.outcome.disorder ?? []).toEqual([]);
  expect(crashed.outcome.unpaired).toEqual([]);
  expect(differences(calm.outcome, crashed.outcome)).toEqual([]);
  // The comparison is worth something only if there was something to compare.
  const types = ['visit', 'motion', 'detection', 'tracking', 'zone_entered', 'line_crossed'];
  const told = crashed.outcome.lines.filter((line) => line.startsWith('events ')).join();
  expect(types.filter((type) => !told.includes(`"type":"${type}"`))).toEqual([]);
  for (const table of ['captures', 'events', 'visits', 'counts', 'occupancy', 'observations', 'ledger', 'snapshot']) {
    expect(calm.outcome.lines.filter((line) => line.startsWith(`${table} `)).length).toBeGreaterThan(0);
  }
}

const BY_WHOM = 'killed again and again, the service loses nothing, doubles nothing and tells the same';

test(`${BY_WHOM}: all in one process`, { timeout: 180_000 }, () => crash(createEmbeddedTarget, 'embedded', 20));

test.skipIf(!toolsAreHere)(`${BY_WHOM}: each on its own, on Kafka and S3 ${needs('tools')}`, { timeout: 400_000 }, () =>
  crash(createKafkaTarget, 'kafka', 20),
);
