import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createErasures, type Erasures } from '../console/erasures/erasures.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { snapshotKey } from '../schemas/snapshot-key.ts';
import { logTopics } from '../schemas/topics.ts';

/**
 * SIGKILL while thousands of rows and pictures go: at no moment does a row name a picture that is gone, or is a picture
 * left that neither a row nor a list of what is still to be deleted names; and whoever is started next comes to the end.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = ['dev/run.mjs', 'dev/crash/letting-go-under-test.ts'];
const FRAMES = 3_000;
const MOTIONS = 1_000;
/** Of all that is there to go, how much is left when it is killed. */
const KILLED_AT = [0.95, 0.7, 0.4, 0.15];
/** One says as much as thousands. */
const SHOWN_MAX = 10;
const patient = { timeout: 600_000 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const by = { id: '00000000-0000-4000-8000-000000000001', username: 'ann' };
const of = { by, fleetId: null };

const ROWS = ['captures', 'observations', 'events', 'visits', 'frame_claims'];
const LISTS = ['expired_blobs', 'erasure_leftovers'];

let services: ServicesUnderTest;
let erasures: Erasures;
beforeAll(async () => {
  const migrations = new URL('../aggregator/migrations/', import.meta.url);
  services = await startServices({ migrations, topics: logTopics });
  services.openBlobs();
  erasures = createErasures({ store: services.store, clock });
}, 60_000);
afterAll(() => services.stop());

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  services.store.run<Row>({ name: `test-${text.replace(/\W+/g, '-').slice(-55)}`, text }, values);
const countOf = async (text: string, values: readonly unknown[] = []) =>
  (await run<{ rows: number }>(`select count(*) as rows from ${text}`, values))[0]?.rows ?? 0;

/** A camera with a frame each second and a motion each three, in each of which somebody was; all from that time on. */
async function film(device: string, fromMs: number): Promise<void> {
  const from = new Date(fromMs);
  await run('insert into devices (id, created_at) values ($1, $2)', [device, from]);
  const folder = `images/${device}`;
  await run(
    `insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, received_at, blob_key, size_bytes, state)
     select gen_random_uuid(), at, $1, 1, n, 'live', at, format('%s/%s.jpg', $3::text, n), 9, 'done'
     from generate_series(1, ${FRAMES}) as n, lateral (select $2::timestamptz + n * interval '1 second') as t (at)`,
    [device, from, folder],
  );
  await run(
    `insert into observations (frame_id, captured_at, device_id, epoch, seq, lane, outcome, frames, last_seq, last_captured_at, config_version)
     select frame_id, captured_at, device_id, epoch, seq, lane, 'analysed', 1, seq, captured_at, 0
     from captures where device_id = $1`,
    [device],
  );
  await run(
    `insert into frame_claims (device_id, epoch, seq, digest, captured_at, time_quality, lane, received_at, lease_until, confirmed)
     select device_id, epoch, seq, '\\x00', captured_at, 'ntp', lane, received_at, received_at, true
     from captures where device_id = $1`,
    [device],
  );
  const motions = Array.from({ length: MOTIONS }, (_, n) => fromMs + n * 3_000);
  const drawings = motions.map((ms) =>
    snapshotKey({ type: 'motion', device_id: device, occurred_at: ms, lane: 'live' }),
  );
  await run(
    `insert into events (id, occurred_at, ended_at, type, device_id, version, lane, config_version, data, created_at, snapshot_path)
     select gen_random_uuid(), at, at + interval '1 second', 'motion', $1, 1, 'live', 0, '{}', at, key
     from unnest($2::timestamptz[], $3::text[]) as motion (at, key)`,
    [device, motions.map((ms) => new Date(ms)), drawings],
  );
  await run(
    `insert into visits (id, opened_at, device_id, person_id, lane, source, state, ended_at, dwell_ms, config_version, version, created_at)
     select gen_random_uuid(), at, $1, 'somebody', 'live', 'server', 'closed', at + interval '1 second', 1000, 0, 1, at
     from unnest($2::timestamptz[]) as at`,
    [device, motions.map((ms) => new Date(ms))],
  );
  const keys = [...Array.from({ length: FRAMES }, (_, n) => `${folder}/${n + 1}.jpg`), ...drawings];
  for (const key of keys) {
    const path = join(services.blobsFolder, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'a picture');
  }
}

/** Keys of pictures that are there. */
function pictures(folders: readonly string[] = ['images', 'snapshots']): readonly string[] {
  return folders.flatMap((top) =>
    readdirSync(join(services.blobsFolder, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(services.blobsFolder.length + 1)),
  );
}

/** Names without a picture, and pictures without a name. */
async function unmatched(): Promise<readonly string[]> {
  const rows = await run<{ key: string; is_named: boolean }>(
    `select blob_key as key, true as is_named from captures where blob_key is not null
     union all select snapshot_path, true from events where snapshot_path is not null
     union all select key, false from expired_blobs
     union all select key, false from erasure_leftovers where key is not null`,
  );
  const there = new Set(pictures());
  const known = new Set(rows.map(({ key }) => key));
  const found = [
    ...rows.filter(({ key, is_named }) => is_named && !there.has(key)).map(({ key }) => `no picture: ${key}`),
    ...[...there].filter((key) => !known.has(key)).map((key) => `no name: ${key}`),
  ];
  return found.slice(0, SHOWN_MAX);
}

async function left(device: string): Promise<number> {
  const counts = await Promise.all([
    ...ROWS.map((table) => countOf(`${table} where device_id = $1`, [device])),
    ...LISTS.map((table) => countOf(`${table} where key is not null`)),
  ]);
  return counts.reduce((sum, rows) => sum + rows, 0);
}

/** Starts it; answers how to kill it, which resolves when the server has let go of it too. */
function start(work: 'retention' | 'erasures') {
  const args = [...PROGRAM, services.connectionString, services.blobsFolder, work];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise<NodeJS.Signals | null>((settle) => child.once('exit', (_, signal) => settle(signal)));
  return async () => {
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    // What it had under way may yet be committed.
    await expect
      .poll(() => countOf('pg_stat_activity where application_name = $1', [`passerby ${work}`]), { timeout: 30_000 })
      .toBe(0);
  };
}

/** Kills it whenever so much is left; then lets it come to its end. */
async function killAgainAndAgain(
  { work, device }: { readonly work: 'retention' | 'erasures'; readonly device: string },
  isDone: () => Promise<boolean>,
): Promise<void> {
  const total = await left(device);
  const leftAtKills: number[] = [];
  for (const share of KILLED_AT) {
    const kill = start(work);
    while ((await left(device)) > share * total && !(await isDone())) await sleep(1);
    await kill();
    expect(await isDone()).toBe(false);
    expect(await unmatched()).toEqual([]);
    leftAtKills.push(await left(device));
  }
  // Each of them got something done, and none all of it.
  expect(new Set(leftAtKills).size).toBe(KILLED_AT.length);
  const kill = start(work);
  await expect.poll(isDone, { timeout: 120_000, interval: 100 }).toBe(true);
  await kill();
  expect(await unmatched()).toEqual([]);
}

async function contentsOf(device: string) {
  const rows = await Promise.all(ROWS.map((table) => countOf(`${table} where device_id = $1`, [device])));
  return { rows, pictures: pictures().filter((key) => key.split('/')[1] === device).length };
}
const ALL = { rows: [FRAMES, FRAMES, MOTIONS, MOTIONS, FRAMES], pictures: FRAMES + MOTIONS };
const NOTHING = { rows: [0, 0, 0, 0, 0], pictures: 0 };

describe('killed again and again while it goes', () => {
  test('what is erased is gone in the end, and nothing else is', patient, async () => {
    await film('erased', clock.nowMs() - 2 * HOUR_MS);
    await film('beside', clock.nowMs() - 2 * HOUR_MS);
    const { id } = await erasures.request({ kind: 'device', deviceId: 'erased' }, of);
    const isDone = async () => (await erasures.find(null, id)).finished_at !== null;
    await killAgainAndAgain({ work: 'erasures', device: 'erased' }, isDone);

    expect([await contentsOf('erased'), await contentsOf('beside')]).toEqual([NOTHING, ALL]);
    const { error, gone } = await erasures.find(null, id);
    // Rows are counted in the transaction in which they go; of pictures a kill may take the count.
    expect([error, gone]).toEqual([
      null,
      expect.objectContaining({ captures: FRAMES, observations: FRAMES, events: MOTIONS, visits: MOTIONS }),
    ]);
    expect(await countOf("audit_log where action = 'erasure-finish' and subject = $1", [id])).toBe(1);
    expect(await countOf('erasure_leftovers')).toBe(0);
  });

  test('what is over is gone in the end, with a receipt, and nothing else is', patient, async () => {
    await film('over', clock.nowMs() - 100 * DAY_MS);
    const isDone = async () => (await countOf('retention_runs')) > 0;
    await killAgainAndAgain({ work: 'retention', device: 'over' }, isDone);

    expect([await contentsOf('over'), await contentsOf('beside')]).toEqual([NOTHING, ALL]);
    const runs = await run<{ classes: readonly { error: string | null }[]; blobs_left: number }>(
      'table retention_runs',
    );
    expect(runs).toMatchObject([{ blobs_left: 0 }]);
    expect(runs.flatMap(({ classes }) => classes).filter(({ error }) => error !== null)).toEqual([]);
    expect(await countOf('expired_blobs')).toBe(0);
  });
});
