import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../ports/servers-under-test.ts';
import { createEmbeddedTarget } from './poison/embedded.ts';
import { createKafkaTarget } from './poison/kafka.ts';
import { type CleanRun, runClean, runPoisoned } from './poison/run.ts';
import type { CreateTarget } from './poison/target.ts';
import { hasTools, TOOLS_FOLDER } from './stack/tools.ts';

/** A short `npm run poison`: of fewer frames more are spoilt, so that each kind of damage is likely to be among them. */
const given = { records: 3_000, corrupt: 0.03, seed: 7, say: () => undefined };
const toolsAreHere = hasTools(TOOLS_FOLDER);
if (!toolsAreHere) console.warn('SKIPPED: dev/poison.e2e.test.ts on Kafka: `npm run stack` fetches the servers.');

let folder: string;
let clean: CleanRun;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-e2e-'));
  // For either profile: so they are compared with each other, too.
  clean = await runClean({ ...given, createTarget: createEmbeddedTarget, folder });
}, 200_000);
afterAll(async () => {
  await clean?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function poison(createTarget: CreateTarget, name: string) {
  const options = { ...given, createTarget, folder: join(folder, name) };
  const { corrupt, rows, ...found } = await runPoisoned(options, Promise.resolve(clean));
  expect(corrupt).toBeGreaterThan(given.records * given.corrupt * 0.8);
  const nothing = { missing: [], extra: [], lag: 0n, differing: [] };
  expect(found).toEqual({ ...nothing, letters: corrupt, redriven: corrupt });
  // The comparison is worth something only if there was something to compare.
  expect(rows.captures).toBe(given.records);
  for (const count of Object.values(rows)) expect(count).toBeGreaterThan(0);
}

const BY_WHOM = 'exactly what is corrupt becomes dead letters, and mended and redriven leaves nothing behind';

test(`${BY_WHOM}: all in one process`, { timeout: 200_000 }, () => poison(createEmbeddedTarget, 'embedded'));

test.skipIf(!toolsAreHere)(`${BY_WHOM}: each on its own, on Kafka and S3 ${needs('tools')}`, { timeout: 400_000 }, () =>
  poison(createKafkaTarget, 'kafka'),
);
