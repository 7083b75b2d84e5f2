import { appendFileSync, cpSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyErasures } from '../../console/erasures/apply.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { createPostgresLog } from '../../ports/log/postgres.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import type { ErasureNote } from '../../schemas/erasure-note.ts';
import { logTopics } from '../../schemas/topics.ts';
import { PARTITIONS } from '../config.ts';
import { readNotes, writeNotes } from './erasure-notes.ts';
import { makeBackup } from './make-backup.ts';
import { readManifest } from './manifest.ts';
import { restoreBackup } from './restore-backup.ts';
import { blobsOf, makeInstallation, makeRoom, silent, withDatabase } from './rig-under-test.ts';
import { findBackup, withTarget } from './target.ts';

/** What was erased after a backup does not come back with it. */
const room = makeRoom();
afterAll(room.remove, 120_000);
const DEVICES = ['erased-since', 'kept'] as const;
const note: ErasureNote = {
  id: '11111111-1111-4111-8111-111111111111',
  kind: 'device',
  device_id: 'erased-since',
  person_id: null,
  from: null,
  to: null,
  requested_at: Date.UTC(2026, 10, 22),
  requested_by: 'admin',
};

const backUp = (nowMs: number) =>
  withTarget(room.path('backups'), (target) =>
    makeBackup({ config: { DATA_DIR: room.path('data') }, target, withSecret: true, nowMs, progress: silent }),
  );

const restore = (backup: string, to: string, notes: readonly ErasureNote[] = []) =>
  restoreBackup({
    backup,
    target: findBackup(backup).target,
    manifest: readManifest(backup),
    dataDir: room.path(to),
    notes,
    progress: silent,
  });

async function kept(folder: string) {
  const captures = await withDatabase(room.path(folder), async (client) => {
    const { rows } = await client.query('select device_id, count(*)::int from captures group by 1 order by 1');
    return rows.map(({ device_id, count }) => `${device_id} ${count}`);
  });
  const pictures: string[] = [];
  for await (const key of blobsOf(room.path(folder)).list('images/')) pictures.push(key);
  return { captures, pictures };
}

const ALL = {
  captures: ['erased-since 3', 'kept 3'],
  pictures: DEVICES.flatMap((device) => [1, 2, 3].map((n) => `images/${device}/${n}.jpg`)),
};
const WITHOUT = { captures: ['kept 3'], pictures: ALL.pictures.filter((key) => key.includes('kept')) };

let older = '';
beforeAll(async () => {
  await makeInstallation(room.path('data'));
  const blobs = blobsOf(room.path('data'));
  for (const device of DEVICES) {
    for (const n of [1, 2, 3]) await blobs.put(`images/${device}/${n}.jpg`, Buffer.from(`${device} ${n}`));
  }
  await withDatabase(room.path('data'), async (client) => {
    await client.query(`insert into devices (id, created_at) select unnest($1::text[]), now()`, [DEVICES]);
    await client.query(
      `insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, state, blob_key)
       select gen_random_uuid(), now(), device, 1, n, 'live', 'done', format('images/%s/%s.jpg', device, n)
       from unnest($1::text[]) as device, generate_series(1, 3) n`,
      [DEVICES],
    );
  });
  older = (await backUp(Date.UTC(2026, 10, 21))).backup;

  await withDatabase(room.path('data'), async (client) => {
    const { user, password, host, port, database } = client;
    const connectionString = `postgres://${user}:${password}@${host}:${port}/${database}`;
    const store = createPostgresStore({ connectionString, connectionsMax: 4, name: 'test' });
    const log = await createPostgresLog({ store, clock, topics: logTopics, partitionCount: PARTITIONS });
    await applyErasures({ store, log, blobs, codec, clock }, { notes: [note] });
    await store.close();
  });
  expect(await kept('data')).toEqual(WITHOUT);
  await backUp(Date.UTC(2026, 10, 22));
}, 180_000);

test('a later backup in the same folder knows of it', { timeout: 120_000 }, async () => {
  expect(await restore(older, 'restored')).toMatchObject({ erasures: 1, damaged: [] });
  expect(await kept('restored')).toEqual(WITHOUT);
});

test('a file of erasures says it, where there is no later backup', { timeout: 240_000 }, async () => {
  const alone = room.path('alone');
  cpSync(join(room.path('backups'), 'blobs'), join(alone, 'blobs'), { recursive: true });
  const copy = join(alone, basename(older));
  cpSync(older, copy, { recursive: true });
  // Without either nobody knows of it.
  expect(await restore(copy, 'unknowing')).toMatchObject({ erasures: 0 });
  expect(await kept('unknowing')).toEqual(ALL);

  const file = room.path('erasures.jsonl');
  expect(await writeNotes(file, room.path('data/blobs'))).toBe(1);
  expect(await restore(copy, 'knowing', readNotes(file))).toMatchObject({ erasures: 1 });
  expect(await kept('knowing')).toEqual(WITHOUT);
  appendFileSync(file, '{}\n');
  expect(() => readNotes(file)).toThrow('line 2 is no note');
});

test('nor with one that was made while the clock was ahead', { timeout: 120_000 }, async () => {
  // As if the backup of before the erasure had been made a day later than it was.
  const folder = room.path('clock-ahead');
  cpSync(room.path('backups'), folder, { recursive: true });
  const ahead = join(folder, '2026-11-24T00-00-00.000Z');
  renameSync(join(folder, basename(older)), ahead);
  expect(await restore(ahead, 'restored-ahead')).toMatchObject({ erasures: 1, damaged: [] });
  expect(await kept('restored-ahead')).toEqual(WITHOUT);
});

test('a later backup that is damaged is named, or of a newer release, since what it knows may come back', {
  timeout: 120_000,
}, async () => {
  const [, later = ''] = findBackup(room.path('backups')).target.backups();
  appendFileSync(join(later, 'blobs.tsv.gz'), 'x');
  expect(await restore(older, 'in-doubt')).toMatchObject({ damaged: [later] });
  writeFileSync(join(later, 'manifest.json'), JSON.stringify({ ...readManifest(later), format: 1_000 }));
  expect(await restore(older, 'in-doubt-too')).toMatchObject({ damaged: [later] });
});
