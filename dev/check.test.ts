import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../aggregator/aggregator.ts';
import { createFilesystemBlobs } from '../ports/blobs/filesystem.ts';
import { lockFolder } from '../ports/folder-lock.ts';
import { migratePostgresLog } from '../ports/log/postgres.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../ports/store/embedded/server.ts';
import { migrate } from '../ports/store/migrate.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ORPHAN = 'images/cam/17.jpg';

let folder: string;
let server: EmbeddedServer | null = null;
const startServer = async () => {
  server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
  return server.connectionString;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-check-'));
  const connectionString = await startServer();
  await migratePostgresLog(connectionString);
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  await addOrphan();
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function addOrphan(): Promise<void> {
  await createFilesystemBlobs({ folder: join(folder, 'blobs') }).put(ORPHAN, Buffer.from('a picture'));
  const longAgo = new Date(Date.now() - 48 * 3_600_000);
  utimesSync(join(folder, 'blobs', ORPHAN), longAgo, longAgo);
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { KAFKA_BROKERS: _, DATABASE_URL: __, ...rest } = process.env;
  return new Promise<{ status: number | null; out: string; errors: string }>((settle) => {
    const child = spawn(process.execPath, ['dev/run.mjs', 'dev/check.ts', ...args], {
      cwd: ROOT,
      env: { ...rest, DATA_DIR: folder, ...env },
    });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('close', (status) => settle({ status, out, errors }));
  });
}

test('beside a service that runs: tells what does not agree, and leaves it', async () => {
  const lock = lockFolder(folder);
  const { status, out, errors } = await run([]);
  lock.release();
  expect([status, errors]).toEqual([1, '']);
  expect(out).toContain(`1 orphan: pictures that nothing refers to\n  with --repair: they are deleted\n  ${ORPHAN}`);
});

test('where none runs: starts the database, repairs, and stops it', async () => {
  await server?.stop();
  server = null;
  const { status, out } = await run(['--repair', '--json']);
  expect(JSON.parse(out)).toMatchObject({
    looked_at: { blobs: 1, captures: 0 },
    findings: [{ kind: 'orphan', count: 1, repaired: 1, examples: [ORPHAN] }],
  });
  expect(status).toBe(0);
  // The folder is free again, and what was found is kept.
  lockFolder(folder).release();
  const again = await run([]);
  expect([again.status, again.out]).toEqual([0, expect.stringContaining('All of it agrees.')]);
});

test.each([
  ['a folder that is not there', [], { DATA_DIR: '/nowhere/at/all' }, 'nothing to check'],
  ['a profile that is none', ['--profile', 'other'], {}, 'Usage: npm run check'],
  ['settings that cannot be', ['--profile', 'production'], {}, 'KAFKA_BROKERS'],
])('%s is told, and no finding', async (_, args, env, words) => {
  const { status, errors } = await run(args, env);
  expect([status, errors]).toEqual([2, expect.stringContaining(words)]);
});
