import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences } from './crash/outcome.ts';
import { run } from './crash/run.ts';

/** A short `npm run crash`: enough kills to see that the whole holds together, few enough for every test run. */
const given = { seed: 7, seconds: 12, devices: 3, fps: 5, onProgress: () => undefined };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-e2e-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('killed again and again, the service loses nothing, doubles nothing and tells the same', {
  timeout: 180_000,
}, async () => {
  const crashed = await run({ ...given, dataDir: join(folder, 'crashed'), disturbed: true });
  const calm = await run({ ...given, dataDir: join(folder, 'calm'), disturbed: false });
  expect(crashed.kills).toBeGreaterThan(1);
  expect(crashed.acknowledged).toHaveLength(given.seconds * given.devices * given.fps);
  expect(crashed.outcome.lost).toEqual([]);
  expect(crashed.outcome.duplicated).toEqual([]);
  expect(differences(calm.outcome, crashed.outcome)).toEqual([]);
  // The comparison is worth something only if there was something to compare.
  for (const table of ['captures', 'events', 'ledger']) {
    expect(calm.outcome.lines.filter((line) => line.startsWith(`${table} `)).length).toBeGreaterThan(0);
  }
});
