import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeInstallation, makeRoom, newestOf } from './backup/rig-under-test.ts';

/** The commands as somebody types them, with `| head` behind. */
const room = makeRoom();
beforeAll(() => makeInstallation(room.path('data')));
afterAll(room.remove);

async function runUnheard(program: string, args: readonly string[]): Promise<number | null> {
  const env = { ...process.env, DATA_DIR: room.path('data'), DATABASE_URL: '', SERVER_SECRET: '', INIT_CWD: '' };
  const child = spawn(process.execPath, ['dev/run.mjs', program, ...args], {
    cwd: new URL('..', import.meta.url),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  child.stderr.destroy();
  const [status] = await once(child, 'exit');
  return status;
}

test('a backup is made, and restored, though nobody hears what is said of it', { timeout: 120_000 }, async () => {
  expect(await runUnheard('dev/backup.ts', [room.path('backups')])).toBe(0);
  expect(newestOf(room.path('backups')).manifest.tables.length).toBeGreaterThan(0);
  expect(await runUnheard('dev/restore.ts', [room.path('backups'), '--into', room.path('restored')])).toBe(0);
  expect(existsSync(room.path('restored'))).toBe(true);
});
