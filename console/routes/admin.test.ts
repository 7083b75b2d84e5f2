import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Name } from '../../http/access/people-under-test.ts';
import { Outage } from '../../ports/errors.ts';
import { statement } from '../../ports/store/statement.ts';
import { createReadDisk } from '../read-disk.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';
import { idOf, NOW_MS } from './server-under-test.ts';

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
  await rig.enrol('ann', 'a-1');
  await rig.enrol('ann', 'a-2');
  await rig.enrol('bob', 'b-1');
});
afterAll(() => rig.stop());

const run = (text: string, values: readonly unknown[] = []) =>
  rig.console.services.store.run({ name: text.slice(0, 60), text }, values);
const iso = (ms: number) => new Date(NOW_MS + ms).toISOString();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

async function get(who: Name, path: string) {
  const { status, body } = await rig.ask(who, `GET /api/v1/admin/${path}`);
  // biome-ignore lint/suspicious/noExplicitAny: what an answer has, the expectations say.
  return { status, body: body as any };
}

type Outcome = readonly [minute: number, device: string | null, code: string, status: number, count: number];
async function keep(outcomes: readonly Outcome[]): Promise<void> {
  await run('truncate ingest_outcomes');
  for (const [minute, ...rest] of outcomes) {
    await run('insert into ingest_outcomes (minute, device_id, code, status, count) values ($1, $2, $3, $4, $5)', [
      new Date(NOW_MS + minute * MINUTE_MS),
      ...rest,
    ]);
  }
}

describe('GET /api/v1/admin/ingest', () => {
  beforeEach(() =>
    keep([
      [-90, 'a-1', 'queued', 202, 7],
      [-60, 'a-1', 'queued', 202, 1],
      [-31, 'a-1', 'queued', 202, 10],
      [-30, 'a-1', 'queued', 202, 100],
      [-30, 'a-1', 'duplicate', 200, 5],
      [-30, 'a-1', 'too-large', 413, 2],
      [-30, 'a-2', 'too-large', 413, 3],
      [-20, 'a-2', 'not-a-jpeg', 415, 4],
      [-20, 'a-2', 'unavailable', 503, 6],
      [-10, 'b-1', 'queued', 202, 1_000],
      [-10, null, 'no-device-token', 401, 50],
      [0, 'a-1', 'queued', 202, 9],
    ]),
  );
  const halves = `ingest?from=${iso(-HOUR_MS)}&to=${iso(0)}&bucket_s=1800`;

  test('adds up by time, and by why', async () => {
    const { body } = await get('admin', halves);
    expect(body).toEqual({
      from: iso(-HOUR_MS),
      to: iso(0),
      buckets: [
        { at: iso(-HOUR_MS), accepted: 11, duplicates: 0, refused: 0, unavailable: 0, codes: [] },
        {
          at: iso(-HOUR_MS / 2),
          accepted: 1_100,
          duplicates: 5,
          refused: 59,
          unavailable: 6,
          codes: [
            { code: 'no-device-token', count: 50 },
            { code: 'unavailable', count: 6 },
            { code: 'too-large', count: 5 },
            { code: 'not-a-jpeg', count: 4 },
          ],
        },
      ],
    });
  });

  test.each<[who: Name, query: string, accepted: number, refused: number, unavailable: number]>([
    ['admin', '', 1_100, 59, 6],
    ['ann', '', 100, 9, 6],
    ['bob', '', 1_000, 0, 0],
    ['admin', '&device_id=a-2', 0, 7, 6],
    ['ann', '&device_id=a-2', 0, 7, 6],
    ['bob', '&device_id=a-2', 0, 0, 0],
    ['admin', '&device_id=nobodys', 0, 0, 0],
  ])('%s sees with %j %i accepted, %i refused, %i unavailable', async (who, query, ...seen) => {
    const { status, body } = await get(who, halves + query);
    const { accepted, refused, unavailable } = body.buckets[1];
    expect([status, accepted, refused, unavailable]).toEqual([200, ...seen]);
  });

  test('a day by the hour, if nothing is said; the minute that is not over is in it', async () => {
    rig.console.clock.advance(1);
    const { body } = await get('ann', 'ingest');
    rig.console.clock.advance(-1);
    expect([body.from, body.to]).toEqual([iso(-24 * HOUR_MS + MINUTE_MS), iso(MINUTE_MS)]);
    const accepted = body.buckets.map((bucket: { accepted: number }) => bucket.accepted);
    expect([accepted.length, ...accepted.slice(-2)]).toEqual([24, 8, 119]);
  });

  test.each([
    ['bucket_s=90', 'bucket_s'],
    ['bucket_s=0', 'bucket_s'],
    ['bucket_s=60&from=2026-04-01', 'bucket_s'],
    ['from=2026-05-02&to=2026-05-01', 'from'],
    ['device_id=%00', 'device_id'],
  ])('%s is refused', async (query, field) => {
    const { status, body } = await get('admin', `ingest?${query}`);
    expect([status, body.code, body.errors[0].pointer]).toEqual([422, 'invalid-request', `#/${field}`]);
  });
});

describe('GET /api/v1/admin/queue', () => {
  const add = (number: number, device: string, state: string, ms: number) =>
    rig.console.addCapture([idOf(number), iso(ms), device, number, state, null]);
  beforeEach(async () => {
    await run('truncate captures');
    for (const [number, device, state, ms] of [
      [1, 'a-1', 'done', -90_000],
      [2, 'a-1', 'dead', -80_000],
      [3, 'b-1', 'queued', -70_000],
      [4, 'a-2', 'running', -60_500],
      [5, 'a-1', 'queued', -50_000],
      [6, 'a-1', 'queued', -40_000],
      [7, 'b-1', 'failed', -30_000],
    ] as const) {
      await add(number, device, state, ms);
    }
  });

  test.each<[who: Name, counts: readonly number[], oldest: number, device: string, age: number]>([
    ['admin', [3, 1, 1, 1], 3, 'b-1', 70],
    ['ann', [2, 1, 0, 1], 4, 'a-2', 60],
    ['bob', [1, 0, 1, 0], 3, 'b-1', 70],
  ])('%s sees what waits of their devices, and the oldest of it', async (who, counts, oldest, device, age) => {
    const { body } = await get(who, 'queue');
    const { queued, running, failed, dead } = body.captures;
    expect([queued, running, failed, dead]).toEqual(counts);
    expect(body.oldest).toMatchObject({ frame_id: idOf(oldest), device_id: device, age_s: age });
    expect(body.readers).toEqual([{ group: 'aggregator', topic: 'events', records: 3, seconds: 1.5 }]);
  });

  test('where nothing waits, nothing is the oldest', async () => {
    await run("delete from captures where state not in ('done', 'dead')");
    const { body } = await get('admin', 'queue');
    expect([body.oldest, body.captures.queued, body.captures.dead]).toEqual([null, 0, 1]);
  });

  test('the oldest is found by the index of those that wait', async () => {
    const { text } = statement(import.meta.url, '../sql/oldest-waiting-capture.sql');
    // The table of a test is so small that to read all of it would be quicker.
    const plan = await rig.console.services.store.transaction(async (transaction) => {
      await transaction.run({ name: 'no-seq', text: 'set local enable_seqscan = off' });
      return transaction.run<object>({ name: 'explain', text: `explain ${text.replaceAll('$1', 'null')}` });
    });
    expect(JSON.stringify(plan)).toContain('captures_waiting');
  });
});

describe('GET /api/v1/admin/disk', () => {
  test('tells of pictures and database, and how long the rest lasts', async () => {
    await run('truncate captures');
    await rig.console.addCapture([idOf(1), iso(-HOUR_MS), 'a-1', 1, 'done', null]);
    await run('update captures set size_bytes = 1000000, received_at = $1', [iso(-HOUR_MS)]);
    // Before the hours that count.
    await rig.console.addCapture([idOf(2), iso(-7 * HOUR_MS), 'a-1', 2, 'done', null]);
    await run('update captures set size_bytes = 5, received_at = $1 where seq = 2', [iso(-7 * HOUR_MS)]);
    await rig.console.diskWatch.look();
    // What was counted before is good for a minute.
    rig.console.clock.advance(MINUTE_MS);
    const { status, body } = await get('admin', 'disk');
    expect([status, body.state, body.limits]).toEqual([200, 'ok', { low_bytes: 0, low_share: 0 }]);
    const { total_bytes, used_bytes, free_bytes, lasts_s } = body.blobs;
    expect(total_bytes).toBeGreaterThanOrEqual(used_bytes + free_bytes);
    rig.console.clock.advance(-MINUTE_MS);
    expect(lasts_s).toBe(Math.floor((free_bytes * 3_660) / 1_000_000));
    expect(body.database).toMatchObject({ state: 'ok', took_ms: expect.any(Number) });
    const sizes: { name: string; bytes: number }[] = body.database.tables;
    expect(sizes.map(({ name }) => name).sort()).toEqual(['captures', 'events', 'ledger', 'log', 'other']);
    expect(sizes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(body.database.total_bytes);
  });

  test('answers while the database is away: that is what it is asked for', async () => {
    const run = () => Promise.reject(new Outage('the database', 'away'));
    const { clock, diskWatch } = rig.console;
    expect(await createReadDisk({ store: { run }, diskWatch, clock })()).toMatchObject({
      state: 'unreachable',
      blobs: { state: 'ok', free_bytes: expect.any(Number), lasts_s: null },
      database: { state: 'unreachable', took_ms: null, total_bytes: null, tables: [] },
    });
    const bug = { run: () => Promise.reject(new Error('a fault of ours')) };
    await expect(createReadDisk({ store: bug, diskWatch, clock })()).rejects.toThrow('a fault of ours');
  });

  test('counts what a table really takes', async () => {
    const logOf = async () =>
      (await get('admin', 'disk')).body.database.tables.find(({ name }: { name: string }) => name === 'events').bytes;
    const before = await logOf();
    for (let number = 100; number < 140; number++) {
      const noise = Array.from({ length: 200 }, () => Math.random().toString(36)).join('');
      await rig.console.addEvent([idOf(number), iso(0), 'motion', 'a-1', { noise }]);
    }
    expect((await logOf()) - before).toBeGreaterThan(40 * 2_000);
  });

  test.each<[who: Name, status: number]>([
    ['ann', 403],
    ['ann-viewer', 403],
    ['admin', 200],
  ])('is for administrators: %s %i', async (who, status) => {
    expect((await get(who, 'disk')).status).toBe(status);
  });
});

describe('GET /api/v1/admin/retention', () => {
  const downscale = { after_s: 21_600, width: 320 };
  const ofPictures = { smaller: 4, kept: 1, unreadable: 0, bytes: 99_000, put_off: 2 };
  const downscaled = { ...ofPictures, more: true, took_ms: 7, error: null };
  const line = { class: 'captures', rows: 3, row_bytes: 900, blobs: 0, blob_bytes: 0, took_ms: 4 };

  test('has nothing to tell before the first run', async () => {
    await run('truncate retention_runs');
    expect((await get('admin', 'retention')).body).toMatchObject({ settings: null, runs: [], check: null });
  });

  test('tells the settings of the newest run, and what went in the last twenty', async () => {
    for (let at = 0; at < 25; at++) {
      await run(
        `insert into retention_runs (started_at, finished_at, settings, classes, blobs_left, blobs_error, downscaled)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [
          iso(at * MINUTE_MS),
          iso(at * MINUTE_MS + 500),
          { frames_keep: 'whole', keep_s: { captures: at, audit: null }, ...(at > 22 ? { downscale } : {}) },
          JSON.stringify([{ ...line, oldest_at: at === 24 ? iso(0) : null, error: at === 24 ? null : 'away' }]),
          at,
          at === 24 ? 'EACCES' : null,
          at === 24 ? downscaled : null,
        ],
      );
      // Those of an earlier release say less.
      if (at === 22) expect((await get('admin', 'retention')).body.settings).not.toHaveProperty('downscale');
    }
    const { status, body } = await get('admin', 'retention');
    expect([status, body.settings]).toEqual([
      200,
      { frames_keep: 'whole', keep_s: { captures: 24, audit: null }, downscale },
    ]);
    expect(body.runs.map(({ blobs_left }: { blobs_left: number }) => blobs_left)).toEqual(
      Array.from({ length: 20 }, (_, at) => 24 - at),
    );
    expect(body.runs[0]).toEqual({
      started_at: iso(24 * MINUTE_MS),
      finished_at: iso(24 * MINUTE_MS + 500),
      classes: [{ ...line, oldest_at: iso(0), error: null }],
      blobs_left: 24,
      blobs_error: 'EACCES',
      downscaled,
    });
    expect(body.runs[1]).toMatchObject({ blobs_error: null, downscaled: null });
  });
});

describe('the newest check', () => {
  test('is told beside what went', async () => {
    const looked_at = { blobs: 3, pictures: 2, snapshots: 0, captures: 5 };
    const findings = [{ kind: 'orphan', count: 2, repaired: 2, examples: ['images/a/1.jpg'], left: null }];
    for (const [at, found] of [
      [0, []],
      [5, findings],
    ] as const) {
      await run('insert into checks (started_at, finished_at, looked_at, findings) values ($1, $2, $3, $4)', [
        iso(at),
        iso(at + 1),
        looked_at,
        JSON.stringify(found),
      ]);
    }
    const { body } = await get('admin', 'retention');
    expect(body.check).toEqual({ started_at: iso(5), finished_at: iso(6), looked_at, findings });
  });
});

describe('GET /api/v1/admin/metrics', () => {
  test('is all of it at a glance: of the last hour, of their devices, and disks for administrators', async () => {
    await run('truncate captures');
    await rig.console.addCapture([idOf(1), iso(-9_000), 'a-1', 1, 'queued', null]);
    await keep([
      [-61, 'a-1', 'queued', 202, 1],
      [-60, 'a-1', 'queued', 202, 2],
      [0, 'a-1', 'duplicate', 200, 4],
      [0, 'b-1', 'busy', 503, 8],
      [0, null, 'unknown-device-token', 401, 16],
    ]);
    const { body } = await get('admin', 'metrics');
    expect(body).toMatchObject({
      now: iso(0),
      ingest: { since: iso(-HOUR_MS), accepted: 2, duplicates: 4, refused: 16, unavailable: 8 },
      queue: { records: 3, seconds: 1.5, frames: 1, oldest_frame_s: 9 },
      disk: { state: 'ok', free_bytes: expect.any(Number), database_bytes: expect.any(Number) },
    });
    expect((await get('ann', 'metrics')).body).toMatchObject({
      ingest: { accepted: 2, duplicates: 4, refused: 0, unavailable: 0 },
      queue: { frames: 1, oldest_frame_s: 9 },
      disk: null,
    });
    expect((await get('bob', 'metrics')).body).toMatchObject({
      ingest: { accepted: 0, unavailable: 8 },
      queue: { frames: 0, oldest_frame_s: null },
    });
    expect((await get('bob-viewer', 'metrics')).status).toBe(403);
  });
});
