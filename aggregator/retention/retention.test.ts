import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import { takeLock } from '../../ports/store/locks.ts';
import { storeWith } from '../../ports/store/store-under-test.ts';
import { frameId } from '../../schemas/identity.ts';
import { DAY_MS, HOUR_MS, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

let rig: RetentionRig;
beforeAll(async () => {
  rig = await startRetentionRig();
});
afterAll(() => rig.services.stop());

beforeEach(() => rig.empty());

test('a run stays until its last frame is over, though the frame with which it began was looked at later and goes', async () => {
  const limitMs = NOON_MS - 48 * HOUR_MS;
  await rig.query(
    `insert into observations (frame_id, captured_at, device_id, epoch, seq, lane, outcome, frames, last_seq, last_captured_at, config_version)
     select $1, $2, 'cam', 1, 1, 'live', outcome, 2, 2, last_captured_at, 0
     from unnest(array['skipped', 'analysed'], $3::timestamptz[]) as told (outcome, last_captured_at)`,
    [frameId('cam', 1, 1), new Date(limitMs - 1_000), [new Date(limitMs + 1_000), new Date(limitMs - 1_000)]],
  );
  await rig.run();
  expect(await rig.query('select outcome from observations')).toEqual([{ outcome: 'skipped' }]);
});

describe('a frame', () => {
  const old = NOON_MS - 49 * HOUR_MS;

  test('counts from when it came, however late that was', async () => {
    const gone = await rig.addFrame({ atMs: old });
    const late = await rig.addFrame({ atMs: NOON_MS - 30 * DAY_MS, receivedMs: NOON_MS - 47 * HOUR_MS });
    const ahead = await rig.addFrame({
      atMs: NOON_MS - 48 * HOUR_MS + 60_000,
      receivedMs: NOON_MS - 48 * HOUR_MS - 60_000,
    });
    await rig.run();
    expect(gone + ahead).toBeGreaterThan(0);
    expect((await rig.capturesOf()).seqs).toEqual([late]);
  });

  test.each([
    ['queued', true],
    ['running', true],
    ['failed', true],
    ['done', false],
    ['dead', false],
  ])('that is %s stays although its time is over: %s', async (state, stays) => {
    const seq = await rig.addFrame({ atMs: old, state });
    await rig.run();
    expect((await rig.capturesOf()).pictures).toEqual(stays ? [seq] : []);
    rig.clock.advance(30 * DAY_MS);
    await rig.run();
    expect(await rig.capturesOf()).toEqual({ seqs: [], pictures: [] });
    expect(await rig.unmatched()).toEqual([]);
  });

  test('that nobody analyses waits for ever where that is said', async () => {
    const seq = await rig.addFrame({ atMs: NOON_MS - 900 * DAY_MS, state: 'queued' });
    await rig.run({ config: { RETENTION_UNANALYSED_D: 0 } });
    expect((await rig.capturesOf()).pictures).toEqual([seq]);
  });

  test('of a dead letter stays as long as its letter, unless that has come to something', async () => {
    const [dead, mended] = [await rig.addFrame({ atMs: old, state: 'dead' }), await rig.addFrame({ atMs: old })];
    await rig.addLetter(dead);
    await rig.addLetter(mended);
    await rig.query(
      'update dead_letters set succeeded_at = $1 where frame_id = (select frame_id from captures where seq = $2)',
      [new Date(NOON_MS), mended],
    );
    await rig.run();
    expect((await rig.capturesOf()).pictures).toEqual([dead]);
  });

  test.each<[why: string, said: Parameters<RetentionRig['addMotion']>[0], stays: boolean]>([
    ['is not over', { endedMs: null }, true],
    ['is over, and not drawn', {}, true],
    ['is drawn', { drawn: true }, false],
    ['is a visit in another frame', { type: 'visit' }, false],
    ['is a visit that names it', { type: 'visit', frameAtMs: NOON_MS - HOUR_MS }, true],
    ['is a visit that names it, and lasts', { type: 'visit', frameAtMs: NOON_MS - HOUR_MS, endedMs: null }, true],
    ['is a visit that names it, and drawn', { type: 'visit', frameAtMs: NOON_MS - HOUR_MS, drawn: true }, false],
    ['is a track that names it', { type: 'tracking', frameAtMs: NOON_MS - HOUR_MS }, true],
    ['is of a type that is not drawn', { type: 'zone_left', frameAtMs: NOON_MS - HOUR_MS }, false],
    ['is of another camera', { device: 'other', endedMs: null }, false],
    ['is of the other lane', { lane: 'backlog', endedMs: null }, false],
    ['began hours before it', { atMs: NOON_MS - 5 * HOUR_MS, endedMs: null }, true],
    ['began after it', { atMs: NOON_MS - 50 * 60_000 }, false],
  ])('of which a snapshot may yet be drawn stays for a day: one whose event %s', async (_, said, stays) => {
    const atMs = NOON_MS - HOUR_MS;
    const seq = await rig.addFrame({ atMs });
    await rig.addMotion({ atMs: atMs - 60_000, ...(said?.endedMs === null ? {} : { endedMs: NOON_MS }), ...said });
    const config = { FRAMES_KEEP: 'analysed' } as const;
    await rig.run({ config });
    expect((await rig.capturesOf()).pictures).toEqual(stays ? [seq] : []);
    if (!stays) return;
    // Where nothing is drawn at all.
    rig.clock.advance(10 * 60_000);
    await rig.run({ config: { ...config, ENABLE_SNAPSHOTS: false } });
    expect((await rig.capturesOf()).pictures).toEqual([]);
  });

  test('of which a snapshot may yet be drawn does not stay for longer', async () => {
    const seq = await rig.addFrame({ atMs: NOON_MS - HOUR_MS });
    await rig.addMotion({ atMs: NOON_MS - HOUR_MS, endedMs: null });
    const config = { FRAMES_KEEP: 'analysed' } as const;
    await rig.run({ config });
    expect((await rig.capturesOf()).pictures).toEqual([seq]);
    rig.clock.advance(DAY_MS);
    await rig.run({ config });
    expect(await rig.capturesOf()).toEqual({ seqs: [seq], pictures: [] });
    expect(await rig.unmatched()).toEqual([]);
  });

  test('stays while readers of events are so far behind that they may not have seen it', async () => {
    const seq = await rig.addFrame({ atMs: old });
    await rig.run({ lateMs: 2 * HOUR_MS });
    expect((await rig.capturesOf()).pictures).toEqual([seq]);
    // One that never comes back is waited for like an analysis, and no longer.
    rig.clock.advance(31 * DAY_MS);
    await rig.run({ lateMs: 400 * DAY_MS });
    expect((await rig.capturesOf()).pictures).toEqual([]);
  });

  test('loses its picture before its capture, where that is said', async () => {
    const seq = await rig.addFrame({ atMs: NOON_MS - 3 * HOUR_MS });
    await rig.run({ config: { RETENTION_FRAMES_H: 2 } });
    expect(await rig.capturesOf()).toEqual({ seqs: [seq], pictures: [] });
    expect(await rig.keys()).toEqual([]);
  });

  test('that has its picture still when its capture goes loses it then', async () => {
    await rig.addFrame({ atMs: old });
    await rig.run({ store: storeWith(rig.services.store, 'take-frames', () => Promise.reject(new Error('not now'))) });
    expect([await rig.capturesOf(), await rig.keys()]).toEqual([{ seqs: [], pictures: [] }, []]);
  });

  test('that has come to have another picture keeps that', async () => {
    const seq = await rig.addFrame({ atMs: NOON_MS - 3 * HOUR_MS });
    const [whole = ''] = await rig.keys();
    const replaced = async () => {
      const small = whole.replace('.jpg', '-small.jpg');
      await rig.blobs.put(small, Buffer.alloc(10));
      await rig.query('update captures set blob_key = $1', [small]);
      await rig.blobs.delete(whole);
    };
    await rig.run({ config: { RETENTION_FRAMES_H: 2 }, store: storeWith(rig.services.store, 'take-frames', replaced) });
    expect([await rig.capturesOf(), await rig.unmatched()]).toEqual([{ seqs: [seq], pictures: [seq] }, []]);
  });

  test('of a camera with times of its own goes by these, and by no others', async () => {
    await rig.setOwn('porch', { frames_h: 1, captures_h: 2 });
    await rig.setOwn('vault', { frames_h: 0, captures_h: 0 });
    for (const device of ['cam', 'porch', 'vault']) {
      for (const hours of [0.5, 1.5, 3, 50]) await rig.addFrame({ device, atMs: NOON_MS - hours * HOUR_MS });
    }
    await rig.run();
    const left = await Promise.all(['cam', 'porch', 'vault'].map((device) => rig.capturesOf(device)));
    expect(left.map(({ seqs, pictures }) => [seqs.length, pictures.length])).toEqual([
      [3, 3],
      [2, 1],
      [4, 4],
    ]);
    expect(await rig.unmatched()).toEqual([]);
  });
});

describe('a run', () => {
  const old = NOON_MS - 49 * HOUR_MS;

  test('tells what went, from where, and what is left', async () => {
    const [one, two] = [await rig.addFrame({ atMs: old }), await rig.addFrame({ atMs: old })];
    await rig.addFrame({ atMs: NOON_MS - HOUR_MS });
    await rig.addMotion({ atMs: NOON_MS - 91 * DAY_MS, drawn: true });
    const metrics = await rig.run();
    const { classes: lines, settings, blobs_left } = await rig.newestRun();
    const of = (name: string) => lines.find((one: { class: string }) => one.class === name);
    expect(of('captures')).toMatchObject({
      rows: 2,
      row_bytes: expect.any(Number),
      error: null,
      oldest_at: '2026-05-01T11:00:00.000Z',
    });
    expect(of('captures').row_bytes).toBeGreaterThan(100);
    expect(of('frames')).toMatchObject({ blobs: 2, blob_bytes: 200 + one + two });
    expect(of('snapshots')).toMatchObject({ blobs: 1, blob_bytes: 1_000 });
    expect(of('events')).toMatchObject({ rows: 1 });
    expect([settings.keep_s.frames, settings.frames_keep, blobs_left]).toEqual([172_800, 'whole', 0]);
    const text = await metrics.metrics();
    for (const line of [
      `passerby_retention_last_run_timestamp_seconds ${NOON_MS / 1_000}`,
      'passerby_retention_rows_total{class="captures"} 2',
      'passerby_retention_blobs_total{class="frames"} 2',
      'passerby_retention_oldest_seconds{class="captures"} 3600',
      'passerby_retention_limit_seconds{class="captures"} 172800',
      'passerby_retention_blobs_left 0',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  test('takes all there is, in batches', async () => {
    await rig.query(
      `insert into audit_log (at, username, action, subject, details)
       select $1, 'ann', 'a', 's', '{}' from generate_series(1, 2500)`,
      [new Date(NOON_MS - 731 * DAY_MS)],
    );
    await rig.run();
    expect(await rig.countOf('audit_log')).toBe(0);
  });

  test('that was cut off between two deletions goes on where it was, and deletes nothing else', async () => {
    for (let frames = 0; frames < 3; frames++) await rig.addFrame({ atMs: old });
    const young = await rig.addFrame();
    let deletions = 0;
    const failing = {
      head: rig.blobs.head,
      delete: async (key: string) => {
        if (deletions++ >= 1) throw new Outage('the blob store', 'away');
        await rig.blobs.delete(key);
      },
    };
    await rig.run({ blobs: failing });
    expect(await rig.countOf('expired_blobs')).toBeGreaterThan(0);
    await rig.run();
    expect((await rig.capturesOf()).pictures).toEqual([young]);
    expect(await rig.unmatched()).toEqual([]);
  });

  test('is nothing while another process has the lock, and nothing so soon after the last', async () => {
    await rig.addFrame({ atMs: old });
    const runs = await rig.countOf('retention_runs');
    await rig.services.openStore('another').transaction(async (held) => {
      await takeLock(held, 'retention');
      await rig.run();
    });
    expect([await rig.countOf('retention_runs'), await rig.countOf('captures')]).toEqual([runs, 1]);
    await Promise.all([rig.run(), rig.run(), rig.run()]);
    expect([await rig.countOf('retention_runs'), await rig.countOf('captures')]).toEqual([runs + 1, 0]);
  });

  test('that is to stop stops, and has told what it did', async () => {
    await rig.addFrame({ atMs: old });
    await rig.run({ signal: AbortSignal.abort() });
    expect(await rig.countOf('captures')).toBe(1);
    expect((await rig.newestRun()).classes).toMatchObject([{ rows: 0, blobs: 0 }]);
  });
});
