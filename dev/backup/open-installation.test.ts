import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADVISORY_LOCKS } from '../../ports/store/advisory-locks.ts';
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
    const isFree = async () =>
      (await other.query('select pg_try_advisory_lock($1) as taken', [ADVISORY_LOCKS.retention])).rows[0]?.taken;
    expect(await isFree()).toBe(false);
    await installation.client.query('select pg_advisory_unlock_all()');
    expect(await isFree()).toBe(true);
    await other.end();
  } finally {
    await installation.close();
  }
});
