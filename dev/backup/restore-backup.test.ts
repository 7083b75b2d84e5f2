import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireWhole } from '../preflight.ts';
import { makeBackup } from './make-backup.ts';
import { type Manifest, readManifest, writeManifest } from './manifest.ts';
import { restoreBackup, verifyBackup } from './restore-backup.ts';
import { blobsOf, contentsOf, makeInstallation, makeRoom, newestOf, silent, withDatabase } from './rig-under-test.ts';
import { withTarget } from './target.ts';

const room = makeRoom();
afterAll(room.remove, 120_000);
const SECRET = 'a secret of at least thirty-two characters\n';
const UNREAD = 'data/blobs/images/camera-1/18.jpg';
const LONG_AGO_S = 1_000_000_000;
let madeAtMs = Date.UTC(2026, 10, 22, 12);

async function backUp(
  from: string,
  to: string,
  options: { readonly withSecret?: boolean; readonly secret?: string; readonly nowMs?: number } = {},
) {
  madeAtMs += 60_000;
  const { withSecret = true, secret, nowMs = madeAtMs } = options;
  const config = { DATA_DIR: room.path(from), ...(secret !== undefined && { SERVER_SECRET: secret }) };
  return withTarget(room.path(to), (target) => makeBackup({ config, target, withSecret, nowMs, progress: silent }));
}

const prune = (keep: number) => withTarget(room.path('backups'), (target) => target.prune(keep));

const restore = (from: string, to: string) => restoreBackup({ ...newestOf(room.path(from)), dataDir: room.path(to) });

beforeAll(async () => {
  await makeInstallation(room.path('data'));
  writeFileSync(room.path('data/server-secret'), SECRET, { mode: 0o600 });
  await withDatabase(room.path('data'), async (client) => {
    // What a text format could stumble over, and a user that comes before the one that it works for.
    await client.query(
      `
      insert into users (id, username, password_hash, role, owner_id) values
        ('00000000-0000-4000-8000-000000000002', E'tab\\t, line\\n, \\\\N and "quotes"', 'x', 'viewer', null),
        ('00000000-0000-4000-8000-000000000001', '\\N', '', 'admin', null)
      `.replace("'viewer', null", "'operator', null"),
    );
    await client.query(`update users set owner_id = '00000000-0000-4000-8000-000000000001' where username <> '\\N'`);
    await client.query(`
      insert into devices (id, created_at, last_seen_at, silent_since, metadata)
      values ('camera-1', now(), now(), now() - interval '1 hour', '{"place": "Tür é \\u2028", "n": 1e400}')`);
    await client.query(
      `insert into seq_blocks values ('camera-1', 1, 0, set_bit(repeat('0', 4096)::bit(4096), 17, 1))`,
    );
    await client.query(`
      insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, state, motion, sha256)
      select gen_random_uuid(), 'epoch'::timestamptz + n * interval '1.000001 s', 'camera-1', 1, n, 'live', 'done',
        n / 3.0, decode(md5(n::text), 'hex')
      from generate_series(1, 5000) n`);
    await client.query(`
      insert into events (id, occurred_at, type, device_id, version, lane, config_version, data, created_at)
      select gen_random_uuid(), now(), 'motion', 'camera-1', 1, 'live', 0, 'null', now() from generate_series(1, 3)`);
    // Given out, and then not used.
    await client.query(`delete from events where number = 3`);
    await client.query(`create table notes (text text)`);
  });
  const blobs = blobsOf(room.path('data'));
  for (let n = 0; n < 300; n += 1) await blobs.put(`images/camera-1/${n}.jpg`, Buffer.from(`picture ${n % 290}`));
  utimesSync(room.path(UNREAD), LONG_AGO_S, LONG_AGO_S);
  await backUp('data', 'backups');
});

test('a backup that is restored into an empty folder is what there was, to the last row and picture', async () => {
  const { manifest } = newestOf(room.path('backups'));
  expect(manifest.blobs).toMatchObject({ count: 300, missing: 0 });
  // A disk of its own comes with a folder.
  mkdirSync(room.path('restored/lost+found'), { recursive: true });
  expect(await restore('backups', 'restored')).toMatchObject({ unplaced: ['public.notes'] });
  const { 'public.notes': _, ...before } = await contentsOf(room.path('data'));
  expect(await contentsOf(room.path('restored'))).toEqual(before);
  expect(Object.keys(before).length).toBeGreaterThan(320);
  expect(before['sequence events_number_seq']).toBe('3');
  expect(readFileSync(room.path('restored/server-secret'), 'utf8')).toBe(SECRET);
  expect(statSync(room.path('restored/server-secret')).mode & 0o077).toBe(0);
  expect(() => requireWhole(room.path('restored'))).not.toThrow();
});

test('nobody but its owner can read a backup', () => {
  const open = readdirSync(room.path('backups'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => (statSync(join(room.path('backups'), name)).mode & 0o077) !== 0,
  );
  expect(open).toEqual([]);
});

test('an older backup gets its tables first, and then what has been changed since is done to its rows', async () => {
  await makeInstallation(room.path('old'), 11);
  await withDatabase(room.path('old'), (client) =>
    client.query(`
      insert into dead_letters (id, topic, partition, "offset", original_key, code, message, attempts, recorded_at, created_at)
      values (gen_random_uuid(), 'frames', 3, 17, 'camera-1', 'undecodable', '', 1, now(), now())`),
  );
  await backUp('old', 'old-backups');
  expect(await restore('old-backups', 'renewed')).toEqual({ unplaced: [], erasures: 0, damaged: [] });
  const { rows } = await withDatabase(room.path('renewed'), (client) =>
    client.query('select state, failed_partition, failed_offset from dead_letters'),
  );
  expect(rows).toEqual([{ state: 'open', failed_partition: 3, failed_offset: '17' }]);
});

describe('the next backup', () => {
  test('copies only what is new, and does not read what it knows', async () => {
    const blobs = blobsOf(room.path('data'));
    await blobs.put('images/camera-1/1000.jpg', Buffer.from('one more'));
    await blobs.delete('images/camera-1/17.jpg');
    // Other bytes of the same length and time under a key that is known: only who reads them would notice.
    writeFileSync(room.path(UNREAD), 'PICTURE 18');
    utimesSync(room.path(UNREAD), LONG_AGO_S, LONG_AGO_S);
    const { copied, manifest } = await backUp('data', 'backups');
    expect(copied).toEqual({ count: 1, bytes: 8 });
    expect(manifest.blobs.count).toBe(300);
    await verifyBackup(newestOf(room.path('backups')));
  });

  test('sees what is put in the place of a picture, and leaves the earlier backup its own', async () => {
    writeFileSync(room.path('data/blobs/images/camera-1/19.jpg'), 'another');
    const { copied } = await backUp('data', 'backups');
    expect(copied).toEqual({ count: 1, bytes: 7 });
    const [first = ''] = newestOf(room.path('backups')).target.backups();
    await verifyBackup({ ...newestOf(room.path('backups')), backup: first, manifest: readManifest(first) });
  });

  test('may be the last that is kept: what only older ones had goes with them', async () => {
    const { target } = newestOf(room.path('backups'));
    // The first had 17, and 19 as it was.
    expect(await prune(1)).toEqual({ backups: 2, blobs: 2 });
    expect(target.backups()).toHaveLength(1);
    await verifyBackup(newestOf(room.path('backups')));
    expect(await prune(1)).toEqual({ backups: 0, blobs: 0 });
  });

  test('reads everything again where the list of the last one is damaged, and deletes nothing by such a list', async () => {
    const { target } = newestOf(room.path('backups'));
    appendFileSync(join(target.backups().at(-1) ?? '', 'blobs.tsv.gz'), 'x');
    const { copied } = await backUp('data', 'backups');
    // What was changed without its time is found now.
    expect(copied).toEqual({ count: 1, bytes: 10 });
    await expect(prune(2)).rejects.toThrow('which pictures it has is not known');
    expect(target.backups()).toHaveLength(2);
    expect(await prune(1)).toEqual({ backups: 1, blobs: 1 });
    await verifyBackup(newestOf(room.path('backups')));
  });
});

test('the newest is the one that was made last, though the clock was set back before', {
  timeout: 120_000,
}, async () => {
  const folder = room.path('set-back');
  const [dayMs, nowMs] = [86_400_000, madeAtMs];
  // The first as an older release leaves it, which says nothing of their order.
  const { backup: ahead } = await backUp('data', 'set-back', { nowMs: nowMs + dayMs });
  rmSync(join(folder, 'order.txt'));
  const { backup: first } = await backUp('data', 'set-back', { nowMs });
  const { backup: second } = await backUp('data', 'set-back', { nowMs: nowMs - dayMs });
  const { backup: third } = await backUp('data', 'set-back', { nowMs });
  const { backup: newest, target } = newestOf(folder);
  expect(target.backups()).toEqual([ahead, first, second, third]);
  expect(newest).toBe(third);
  await withTarget(folder, (own) => own.prune(2));
  expect(target.backups()).toEqual([second, third]);
  await withTarget(folder, (own) => own.prune(1));
  expect(target.backups()).toEqual([third]);
  await verifyBackup(newestOf(folder));
});

/** As somebody types it, or a clock starts it: in a process of its own. */
async function backUpElsewhere(from: string, to: string) {
  const child = spawn(process.execPath, ['dev/run.mjs', 'dev/backup.ts', room.path(to)], {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, DATA_DIR: room.path(from), INIT_CWD: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { status, said };
}

test('no other adds to a folder until what is old has been deleted from it', { timeout: 120_000 }, async () => {
  const filesOf = (name: string) => readdirSync(room.path(name), { recursive: true, encoding: 'utf8' }).sort();
  await backUp('data', 'shared');
  await backUp('data', 'shared');
  // One that nobody knows yet, as its picture is no backup's.
  await blobsOf(room.path('data')).put('images/camera-1/2000.jpg', Buffer.from('not yet in a backup'));
  await withTarget(room.path('shared'), async (target) => {
    target.begin(madeAtMs + 1);
    const before = filesOf('shared');
    const { status, said } = await backUpElsewhere('data', 'shared');
    expect(said).toContain('Another backup is being made in');
    expect(status).toBe(1);
    expect(filesOf('shared')).toEqual(before);
    expect(await target.prune(1)).toEqual({ backups: 1, blobs: 0 });
  });
  expect(await backUpElsewhere('data', 'shared')).toEqual({ status: 0, said: '' });
  await verifyBackup(newestOf(room.path('shared')));
});

test.each([
  ['left out', { withSecret: false }],
  ['environment', { secret: SECRET.trim() }],
])('the secret is not in a backup where it is %s', async (said, options) => {
  const { backup, manifest } = await backUp('data', `secret-${said.replace(' ', '-')}`, options);
  expect(manifest.server_secret).toBe(said);
  expect(existsSync(join(backup, 'server-secret'))).toBe(false);
});

describe('is refused:', () => {
  const flip = (file: string) => {
    const bytes = readFileSync(file);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 0x04;
    writeFileSync(file, bytes);
  };
  const aBlob = (folder: string) => {
    const [shard = ''] = readdirSync(join(folder, 'blobs'));
    const [name = ''] = readdirSync(join(folder, 'blobs', shard));
    return join(folder, 'blobs', shard, name);
  };

  test.each([
    ['table', 'public.captures', (backup: string) => flip(join(backup, 'tables/public.captures.copy.gz'))],
    [
      'cut table',
      'public.captures',
      (backup: string) => {
        const file = join(backup, 'tables/public.captures.copy.gz');
        writeFileSync(file, readFileSync(file).subarray(0, -100));
      },
    ],
    [
      'lengthened table',
      'public.captures',
      (backup: string) => appendFileSync(join(backup, 'tables/public.captures.copy.gz'), 'x'),
    ],
    ['list', 'list of its pictures', (backup: string) => flip(join(backup, 'blobs.tsv.gz'))],
    [
      'manifest',
      'manifest.json',
      (backup: string) => {
        const file = join(backup, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"rows": 5000', '"rows": 4999'));
      },
    ],
    ['secret', 'server-secret', (backup: string) => flip(join(backup, 'server-secret'))],
    ['picture', 'has been changed', (_: string, folder: string) => flip(aBlob(folder))],
  ])('a %s that was changed', async (what, words, damage) => {
    const name = `damaged-${what.replace(' ', '-')}`;
    cpSync(room.path('backups'), room.path(name), { recursive: true });
    const [backup = ''] = newestOf(room.path(name)).target.backups();
    damage(backup, room.path(name));
    await expect((async () => verifyBackup(newestOf(room.path(name))))()).rejects.toThrow(words);
  });

  test('what is found out only while it is restored: until a whole one is restored there, nobody starts it', {
    timeout: 180_000,
  }, async () => {
    for (const what of ['table', 'picture']) {
      await expect(restore(`damaged-${what}`, 'begun')).rejects.toThrow('is damaged');
      expect(() => requireWhole(room.path('begun'))).toThrow('was broken off');
    }
    await expect(backUp('begun', 'any')).rejects.toThrow('was broken off');
    expect(await restore('backups', 'begun')).toMatchObject({ unplaced: ['public.notes'] });
    expect(() => requireWhole(room.path('begun'))).not.toThrow();
  });

  test('a folder that is not empty', async () => {
    mkdirSync(room.path('full'));
    writeFileSync(room.path('full/mine.txt'), 'mine');
    await expect(restore('backups', 'full')).rejects.toThrow('is not empty (mine.txt)');
    expect(readdirSync(room.path('full'))).toEqual(['mine.txt']);
  });

  test('a backup of a newer schema, or in a newer format', async () => {
    cpSync(room.path('backups'), room.path('newer'), { recursive: true });
    const { backup, manifest } = newestOf(room.path('newer'));
    const { log, tables } = manifest.migrations;
    writeManifest(backup, { ...manifest, migrations: { log, tables: [...tables, '9999_from_the_future'] } });
    await expect(restore('newer', 'never')).rejects.toThrow(/newer Passerby.*9999_from_the_future/);
    expect(existsSync(room.path('never'))).toBe(false);
    writeManifest(backup, { ...manifest, format: 2 as 1 });
    expect(() => newestOf(room.path('newer'))).toThrow('made by a newer Passerby');
  });

  const rewrite = (name: string, change: (manifest: Manifest) => Partial<Manifest>) => {
    cpSync(room.path('backups'), room.path(name), { recursive: true });
    const { backup, manifest } = newestOf(room.path(name));
    writeManifest(backup, { ...manifest, ...change(manifest) });
  };

  test('a backup whose tables came to be by other migrations than the first of those that are here', async () => {
    const { tables } = newestOf(room.path('backups')).manifest.migrations;
    rewrite('gap', ({ migrations: { log } }) => ({
      migrations: { log, tables: tables.filter((_, at) => at !== 1) },
    }));
    await expect(restore('gap', 'never')).rejects.toThrow(`${tables[2]} where this one has ${tables[1]}`);
    expect(existsSync(room.path('never'))).toBe(false);
  });

  test.each([
    ['more', 'has a column "added" that none of ours has', (columns: string[]) => [...columns, 'added']],
    ['fewer', 'lacks its column "state"', (columns: string[]) => columns.filter((column) => column !== 'state')],
  ])('a backup of which a table of ours has %s columns', async (name, difference, change) => {
    rewrite(name, ({ tables }) => ({
      tables: tables.map((part) =>
        part.name === 'public.captures' ? { ...part, columns: change(part.columns).sort() } : part,
      ),
    }));
    await expect(restore(name, `${name}-restored`)).rejects.toThrow(`public.captures ${difference}`);
    expect(() => requireWhole(room.path(`${name}-restored`))).toThrow('was broken off');
  });

  test('a folder without a backup, and a target within what it is to outlive', async () => {
    expect(() => newestOf(room.path('nowhere'))).toThrow('is not there');
    mkdirSync(room.path('empty'));
    expect(() => newestOf(room.path('empty'))).toThrow('no backup');
    await expect(backUp('data', 'data/backups')).rejects.toThrow('would be lost with it');
    await expect(backUp('empty', 'any')).rejects.toThrow('no database');
  });
});
