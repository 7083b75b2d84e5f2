import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInstallation } from './open-installation.ts';
import { makeInstallation, makeRoom } from './rig-under-test.ts';

const room = makeRoom();
beforeAll(() => makeInstallation(room.path('data')), 60_000);
afterAll(room.remove, 60_000);

test('while it is open nothing goes for its age', { timeout: 60_000 }, async () => {
  const installation = await openInstallation(room.path('data'));
  try {
    const { user, password, host, port, database } = installation.client;
    const other = new pg.Client({ user, password, host, port, database } as pg.ClientConfig);
    await other.connect();
    const isFree = async () => (await other.query("select try_lock('retention') as taken")).rows[0]?.taken;
    expect(await isFree()).toBe(false);
    await other.query("select pg_terminate_backend(pid) from pg_locks where relation = 'locks.retention'::regclass");
    await expect.poll(isFree).toBe(true);
    await other.end();
  } finally {
    await installation.close();
  }
});

test('what runs and has other locks is not backed up, since it would keep to none of these', {
  timeout: 60_000,
}, async () => {
  const { client, close } = await openInstallation(room.path('data'));
  // Somebody else, to whom it is an installation that runs.
  const backUp = () =>
    promisify(execFile)(process.execPath, ['dev/run.mjs', 'dev/backup.ts', room.path('backups')], {
      env: { ...process.env, DATA_DIR: room.path('data'), DATABASE_URL: '', SERVER_SECRET: '', INIT_CWD: '' },
    });
  try {
    // As the tables of an older release are.
    await client.query('alter schema locks rename to later');
    await expect(backUp()).rejects.toMatchObject({ stderr: expect.stringContaining('is older than this') });
    await client.query('drop schema locks cascade');
    await client.query('alter schema later rename to locks');
    await expect(backUp()).rejects.toMatchObject({ stderr: expect.stringContaining('Another backup') });
  } finally {
    await close();
  }
});
