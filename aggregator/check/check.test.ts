import { hash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../http/read-config.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { Outage } from '../../ports/errors.ts';
import type { PostgresLog } from '../../ports/log/postgres.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { frameId } from '../../schemas/identity.ts';
import type { Frame } from '../../schemas/types.ts';
import { type RetentionConfig, retentionConfig } from '../retention/config.ts';
import {
  DAY_MS,
  HOUR_MS,
  jpegUnderTest,
  NOON_MS,
  type RetentionRig,
  startRetentionRig,
} from '../retention/rig-under-test.ts';
import { type CheckOptions, check } from './check.ts';
import { keepCheck } from './keep-check.ts';
import { describeReport, isWrong } from './report.ts';

let rig: RetentionRig;
let log: PostgresLog;
beforeAll(async () => {
  rig = await startRetentionRig();
  log = await rig.services.openLog(rig.clock);
});
afterAll(() => rig.services.stop());

const OLD_MS = NOON_MS - 30 * HOUR_MS;
beforeEach(async () => {
  await rig.query('truncate captures, events, frame_claims, dead_letters, expired_blobs, checks, log.records');
  await rig.query('update log.partitions set next_offset = 0');
  for (const key of await rig.keys()) await rig.blobs.delete(key);
});

/** Blobs are as old as the files say: as if stored long before noon. */
async function put(key: string, bytes: Buffer | string = 'a picture', storedMs = OLD_MS): Promise<string> {
  await rig.blobs.put(key, Buffer.from(bytes));
  age(key, storedMs);
  return key;
}
function age(key: string, storedMs: number): void {
  utimesSync(join(rig.services.blobsFolder, key), new Date(storedMs), new Date(storedMs));
}

async function look({ blobs = rig.blobs, ...options }: Partial<CheckOptions> & { readonly blobs?: Blobs } = {}) {
  const { store } = rig.services;
  const dependencies = { store, blobs, log, codec: fixedCodec, clock: rig.clock };
  const report = await check(dependencies, {
    repair: 'nothing',
    stagingMs: 24 * HOUR_MS,
    keptMs: 48 * HOUR_MS,
    signal: new AbortController().signal,
    ...options,
  });
  return {
    report,
    found: Object.fromEntries(report.findings.map(({ kind, count, repaired }) => [kind, [count, repaired]])),
  };
}

async function framesInLog(): Promise<readonly (Frame & { readonly topic: string })[]> {
  const rows = await rig.services.rows<{ topic: string; value: Buffer }>('log.records');
  return rows.flatMap(({ topic, value }) => {
    const record = fixedCodec.decode(value);
    return record.name === 'frame' ? [{ ...record.value, topic }] : [];
  });
}

interface ClaimSaid {
  readonly seq: number;
  readonly epoch?: number;
  readonly statedMs?: number | null;
  readonly bytes?: string;
  readonly confirmed?: boolean;
  readonly receivedMs?: number;
  readonly leaseMs?: number;
  readonly lane?: string;
}

async function addClaim(claim: ClaimSaid): Promise<void> {
  const { seq, epoch = 1, statedMs = null, bytes = 'a picture', confirmed = true } = claim;
  const { receivedMs = OLD_MS, leaseMs = receivedMs, lane = 'live' } = claim;
  await rig.query("insert into devices (id, created_at) values ('cam', $1) on conflict do nothing", [new Date(OLD_MS)]);
  await rig.query(
    `insert into frame_claims (device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, lane, received_at, lease_until, confirmed)
     values ('cam', $1, $2, $3, $4, $5, 'device', $6, $5, $7, $8)`,
    [epoch, seq, statedMs, hash('sha256', bytes, 'buffer'), new Date(receivedMs), lane, new Date(leaseMs), confirmed],
  );
}

describe('where all agrees', () => {
  test('nothing is found, however often it is asked', async () => {
    for (let frames = 0; frames < 3; frames++) await rig.addFrame({ atMs: OLD_MS });
    await rig.addMotion({ atMs: OLD_MS, drawn: true });
    await rig.addFrame();
    const { report } = await look();
    expect(report.findings).toEqual([]);
    expect(report.lookedAt).toEqual({ blobs: 5, pictures: 4, snapshots: 1, captures: 4 });
    expect(isWrong(report)).toBe(false);
    // A frame of just now is not among what agrees, and whoever reads this is to know it.
    expect(describeReport(report)).toContain(
      `What came after ${new Date(report.startedAtMs - 10 * 60_000).toISOString()} may still be under way, and was not looked at.\nAll of it agrees.`,
    );
    expect((await look({ repair: 'all' })).found).toEqual({});
  });

  test('also while pictures are made smaller, and after; one that nobody came to name is an orphan', async () => {
    const picture = await jpegUnderTest({ width: 640, height: 480 });
    for (let frames = 0; frames < 2; frames++) await rig.addFrame({ atMs: OLD_MS, picture });
    const config = { FRAMES_DOWNSCALE_H: 6 };
    const killed = () => Promise.reject(new Error('killed'));
    for (const blobs of [{ put: killed }, {}]) {
      await rig.run({ config, blobs });
      for (const key of await rig.keys()) age(key, OLD_MS);
      expect((await look({ repair: 'all' })).found).toEqual({});
    }
    expect((await rig.newestRun()).downscaled).toMatchObject({ smaller: 2 });
    const named = await rig.query<{ blob_key: string }>('select blob_key from captures');
    await rig.query('delete from captures');
    expect((await look({ repair: 'all' })).found).toEqual({ orphan: [2, 2] });
    const left = await rig.keys();
    expect(left.filter((key) => named.some(({ blob_key }) => blob_key === key))).toEqual([]);
    expect(left).toHaveLength(2);
  });

  test('also after retention, and while it has still to delete', async () => {
    await rig.addFrame({ atMs: NOON_MS - 50 * HOUR_MS });
    await rig.run({ blobs: { head: rig.blobs.head, delete: () => Promise.reject(new Outage('it', 'away')) } });
    expect((await look()).found).toEqual({});
    await rig.query('update expired_blobs set expired_at = $1', [new Date(NOON_MS - 25 * HOUR_MS)]);
    expect((await look()).found).toEqual({ undeleted: [1, 0] });
    const blobs = { ...rig.blobs, delete: () => Promise.reject(new Outage('it', 'away')) };
    await expect(look({ repair: 'all', blobs })).rejects.toThrow('it: away');
    expect((await look({ repair: 'all' })).found).toEqual({ undeleted: [1, 1] });
    expect([await rig.keys(), (await look()).found]).toEqual([[], {}]);
  });

  test('unless it is told to stop, be it at the last that it does', async () => {
    await rig.addFrame({ atMs: NOON_MS - 50 * HOUR_MS });
    await rig.run({ blobs: { head: rig.blobs.head, delete: () => Promise.reject(new Outage('it', 'away')) } });
    await rig.query('update expired_blobs set expired_at = $1', [new Date(NOON_MS - 25 * HOUR_MS)]);
    const stopping = new AbortController();
    const blobs = { ...rig.blobs, delete: async () => stopping.abort() };
    await expect(look({ repair: 'all', blobs, signal: stopping.signal })).rejects.toThrow('aborted');
  });
});

describe('a picture that is not there', () => {
  async function lose(said: Parameters<RetentionRig['addFrame']>[0]): Promise<number> {
    const seq = await rig.addFrame(said);
    await rig.blobs.delete(`devices/cam/2026/05/01/frame-1-${seq}.jpg`);
    return seq;
  }

  test('is named no more by its capture, unless that is still to be looked at', async () => {
    const done = await lose({ atMs: OLD_MS });
    const there = await rig.addFrame({ atMs: OLD_MS });
    // The processor makes a dead letter of it, which says why.
    await lose({ atMs: OLD_MS, state: 'queued' });
    const { found, report } = await look();
    expect(found).toEqual({ 'picture-missing': [2, 0], 'never-analysed': [1, 0] });
    expect(describeReport(report)).toContain(`frame-1-${done}.jpg of frame ${frameId('cam', 1, done)}, done`);
    expect(describeReport(report)).toContain('  with --repair: they name it no more');
    expect(isWrong(report)).toBe(true);
    expect((await look({ repair: 'orphans' })).found).toEqual(found);
    const repaired = await look({ repair: 'all' });
    expect(repaired.found['picture-missing']).toEqual([2, 1]);
    expect(describeReport(repaired.report)).toContain('2 picture-missing, 1 repaired');
    expect((await rig.capturesOf()).pictures).toEqual([there, there + 1]);
  });

  test('may be on its way as long as its frame is young, or readers of the log are behind', async () => {
    await lose({ atMs: NOON_MS - 9 * 60_000 });
    expect((await look()).found).toEqual({});
    const seq = await lose({ atMs: NOON_MS - 11 * 60_000 });
    expect((await look()).found).toEqual({ 'picture-missing': [1, 0] });
    await log.append('events', [{ key: 'cam', value: Buffer.from('x') }]);
    await rig.query('update log.records set appended_at = $1', [new Date(NOON_MS - 2 * 60_000)]);
    expect([seq, (await look()).found]).toEqual([seq, {}]);
  });

  test('of a snapshot is named no more by its event', async () => {
    await rig.addMotion({ atMs: OLD_MS, drawn: true });
    for (const key of await rig.keys('snapshots/')) await rig.blobs.delete(key);
    expect((await look()).found).toEqual({ 'snapshot-missing': [1, 0] });
    expect((await look({ repair: 'all' })).found).toEqual({ 'snapshot-missing': [1, 1] });
    expect((await look()).found).toEqual({});
  });

  test('is not believed of nearly all of them, unless somebody insists', async () => {
    await rig.query(
      `insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, received_at, blob_key, state)
       select gen_random_uuid(), $1, 'cam', 1, n, 'live', $1, 'images/cam/' || n || '.jpg', 'done' from generate_series(1, 150) as n`,
      [new Date(OLD_MS)],
    );
    const { report, found } = await look({ repair: 'all' });
    expect(found).toEqual({ 'picture-missing': [150, 0] });
    expect(describeReport(report)).toContain('left alone: 150 of 150 are more than anybody loses');
    expect((await look({ repair: 'all', force: true })).found).toEqual({ 'picture-missing': [150, 150] });
  });
});

describe('a blob that nothing names', () => {
  test.each<[what: string, repair: CheckOptions['repair'], goes: boolean]>([
    ['is told', 'nothing', false],
    ['goes each day', 'orphans', true],
    ['goes when it is asked for', 'all', true],
  ])('%s', async (_, repair, goes) => {
    const keys = [
      await put('images/cam/17.jpg'),
      await put('devices/cam/2026/05/01/4-put.jpg'),
      await put('snapshots/cam/2026-05-01/motion_1.png'),
    ];
    expect((await look({ repair })).found).toEqual({ orphan: [3, goes ? 3 : 0] });
    expect(await rig.keys()).toEqual(goes ? [] : keys.sort());
  });

  test('stays for as long as somebody may come to name it', async () => {
    await put('images/cam/17.jpg', 'x', NOON_MS - 23 * HOUR_MS);
    expect((await look({ repair: 'all' })).found).toEqual({});
    expect((await look({ repair: 'all', stagingMs: null })).found).toEqual({});
    expect((await look({ repair: 'all', stagingMs: 22 * HOUR_MS })).found).toEqual({ orphan: [1, 1] });
  });

  test('is left alone while its frame is being claimed', async () => {
    await put('devices/cam/2026/05/01/frame-1-900.jpg');
    await addClaim({ seq: 900, confirmed: false, leaseMs: NOON_MS - 30_000 });
    expect((await look({ repair: 'all' })).found).toEqual({ orphan: [1, 0] });
    expect(await rig.keys()).toHaveLength(1);
    await rig.query('update frame_claims set lease_until = $1', [new Date(OLD_MS)]);
    expect((await look({ repair: 'all' })).found).toEqual({ orphan: [1, 1] });
  });

  test('is not deleted under a claim that begins just then', async () => {
    await put('devices/cam/2026/05/01/frame-1-901.jpg');
    await addClaim({ seq: 901, confirmed: false });
    const order: string[] = [];
    const blobs: Blobs = {
      ...rig.blobs,
      async delete(key) {
        // As ingest does at this very moment: it waits for us, and finds no picture then.
        const claiming = rig
          .query("select from devices where id = 'cam' for no key update")
          .then(() => order.push('claimed'));
        await rig.blobs.delete(key);
        order.push('deleted');
        void claiming;
      },
    };
    await look({ repair: 'all', blobs });
    await rig.query("select from devices where id = 'cam' for no key update");
    expect(order[0]).toBe('deleted');
  });

  test('of a name that is none of ours is told, and stays', async () => {
    await put('notes/mine.txt');
    await put('erasures/cam/00000000-0000-0000-0000-000000000000.json');
    const { found, report } = await look({ repair: 'all' });
    expect(found).toEqual({ stranger: [1, 0] });
    // Nobody can mend it, and nobody need.
    expect([isWrong(report), describeReport(report).includes('notes/mine.txt')]).toEqual([false, true]);
    expect((await rig.keys()).toSorted()).toEqual([
      'erasures/cam/00000000-0000-0000-0000-000000000000.json',
      'notes/mine.txt',
    ]);
  });
});

describe('an acknowledged frame', () => {
  test.each<[what: string, key: string, claim: ClaimSaid, topic: string]>([
    ['with a seq', 'devices/cam/2026/05/01/frame-1-7.jpg', { seq: 7 }, 'frames'],
    ['that a device put in place', 'devices/cam/2026/05/01/8-a.jpg', { seq: 8 }, 'frames'],
    ['without a seq', 'images/cam/123.jpg', { epoch: 0, seq: 3, statedMs: 123 }, 'frames'],
    ['that came late', 'devices/cam/2026/05/01/frame-1-9.jpg', { seq: 9, lane: 'backlog' }, 'backlog'],
  ])('%s whose record was lost is in the log again, as ingest had it', async (_, key, claim, topic) => {
    await put(key);
    await addClaim(claim);
    expect((await look({ repair: 'orphans' })).found).toEqual({ unrecorded: [1, 0] });
    expect((await look({ repair: 'all' })).found).toEqual({ unrecorded: [1, 1] });
    expect(await framesInLog()).toMatchObject([
      {
        topic,
        frame_id: frameId('cam', claim.epoch ?? 1, claim.seq),
        blob_key: key,
        size_bytes: 9,
        captured_at: OLD_MS,
        received_at: OLD_MS,
        time_quality: 'device',
        device_time: claim.statedMs ?? null,
      },
    ]);
    expect(await rig.keys()).toEqual([key]);
  });

  test('whose record was lost is found as soon as nothing is on its way, however long other pictures wait', async () => {
    const key = 'devices/cam/2026/05/01/frame-1-7.jpg';
    const [young, settled] = [NOON_MS - 9 * 60_000, NOON_MS - 11 * 60_000];
    await put(key, 'a picture', young);
    await addClaim({ seq: 7, receivedMs: young });
    await put('devices/cam/2026/05/01/frame-1-8.jpg', 'a picture', settled);
    await put('notes/mine.txt', 'of mine', settled);
    expect((await look({ stagingMs: null })).found).toEqual({});
    await put(key, 'a picture', settled);
    // It is sent again just now, and acknowledged once more.
    expect((await look({ stagingMs: null })).found).toEqual({});
    await rig.query('update frame_claims set lease_until = $1', [new Date(settled)]);
    for (const stagingMs of [null, 24 * HOUR_MS])
      expect((await look({ stagingMs })).found).toEqual({ unrecorded: [1, 0] });
    expect((await look({ repair: 'all' })).found).toEqual({ unrecorded: [1, 1] });
  });

  test('is known by its bytes, and not by a name alone', async () => {
    await put('devices/cam/2026/05/01/frame-1-7.jpg', 'another picture');
    await addClaim({ seq: 7 });
    expect((await look()).found).toEqual({ orphan: [1, 0] });
  });

  test('that would be over by now is not brought back', async () => {
    await put('devices/cam/2026/05/01/frame-1-7.jpg', 'a picture', NOON_MS - 60 * HOUR_MS);
    await addClaim({ seq: 7, receivedMs: NOON_MS - 60 * HOUR_MS });
    expect((await look()).found).toEqual({ orphan: [1, 0] });
    expect((await look({ keptMs: null })).found).toEqual({ unrecorded: [1, 0] });
  });

  test.each<[config: Partial<RetentionConfig>, deviceOwn: object, days: number, stays: boolean]>([
    // As when Kafka deletes what nobody has read for a week.
    [{}, {}, 8, true],
    [{}, {}, 29, true],
    [{}, {}, 31, false],
    [{ RETENTION_UNANALYSED_D: 3 }, {}, 4, false],
    [{ RETENTION_UNANALYSED_D: 3, RETENTION_CAPTURES_H: 120 }, {}, 4, true],
    [{ RETENTION_UNANALYSED_D: 3 }, { captures_h: 120 }, 4, true],
    [{ RETENTION_UNANALYSED_D: 0 }, {}, 365, true],
  ])(
    'whose record was lost keeps its picture as one that waits: %j, %j, after %i days',
    async (config, own, days, stays) => {
      const receivedMs = NOON_MS - days * DAY_MS;
      const key = await put('devices/cam/2026/05/01/frame-1-7.jpg', 'a picture', receivedMs);
      await addClaim({ seq: 7, receivedMs });
      await rig.setOwn('cam', own);
      const { store } = rig.services;
      const kept = { store, blobs: rig.blobs, log, codec: fixedCodec, clock: rig.clock };
      const report = await keepCheck(
        { ...kept, config: { ...readConfig(retentionConfig, {}), ...config } },
        { repair: 'orphans' },
        { signal: new AbortController().signal },
      );
      await rig.setOwn('cam', {});
      expect(report?.findings.map(({ kind }) => kind)).toEqual([stays ? 'unrecorded' : 'orphan']);
      expect(await rig.keys()).toEqual(stays ? [key] : []);
    },
  );

  test('that nobody analyses is in the log again', async () => {
    const seq = await rig.addFrame({ atMs: OLD_MS, state: 'queued', lane: 'backlog' });
    await rig.addFrame({ atMs: NOON_MS - 60_000, state: 'queued' });
    await rig.query("update captures set sha256 = decode(repeat('ab', 32), 'hex'), time_quality = 'ntp'");
    expect((await look()).found).toEqual({ 'never-analysed': [1, 0] });
    expect((await look({ repair: 'all' })).found).toEqual({ 'never-analysed': [1, 1] });
    expect(await framesInLog()).toMatchObject([
      { topic: 'backlog', seq, epoch: 1, captured_at: OLD_MS, blob_key: `devices/cam/2026/05/01/frame-1-${seq}.jpg` },
    ]);
  });
});

test('a blob store that is away is no finding', async () => {
  await rig.addFrame({ atMs: OLD_MS });
  const blobs: Blobs = {
    ...rig.blobs,
    // biome-ignore lint/correctness/useYield: it fails before.
    list: async function* () {
      throw new Outage('the blob store', 'away');
    },
  };
  await expect(look({ blobs })).rejects.toThrow(Outage);
});
