import { hash } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../http/read-config.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { Outage } from '../../ports/errors.ts';
import { frameId } from '../../schemas/identity.ts';
import { frame } from '../../schemas/records-under-test.ts';
import { writeFrames } from '../write-captures.ts';
import { retentionConfig } from './config.ts';
import { downscale } from './downscale.ts';
import { type Capture, captureOf, pictureOf } from './downscaled-under-test.ts';
import { scopesOf } from './limits.ts';
import { DAY_MS, HOUR_MS, jpegUnderTest, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

let rig: RetentionRig;
let wide: Buffer;
let narrow: Buffer;
beforeAll(async () => {
  [rig, wide, narrow] = await Promise.all([
    startRetentionRig(),
    jpegUnderTest({ width: 640, height: 480 }),
    jpegUnderTest({ width: 160, height: 120 }),
  ]);
});
afterAll(() => rig.services.stop());
beforeEach(() => rig.empty());

/** Smaller after six hours. */
const config = { FRAMES_DOWNSCALE_H: 6 };
const OLD_MS = NOON_MS - 7 * HOUR_MS;

/** The whole pictures go with the next run, and so does what nobody came to name. */
async function runOnceMore(): Promise<void> {
  rig.clock.advance(20 * 60_000);
  await rig.run({ config });
}

describe('a picture that is old enough', () => {
  test('becomes smaller, under another name; the whole one goes with the next run', async () => {
    const old = await rig.addFrame({ atMs: OLD_MS, picture: wide });
    const young = await rig.addFrame({ atMs: NOON_MS - 5 * HOUR_MS, picture: wide });
    const whole = await captureOf(rig, old);
    const metrics = await rig.run({ config });
    const small = await pictureOf(rig, old);
    expect(small).toMatchObject({ width: 320, height: 240 });
    expect(small.bytes).toBeLessThan(wide.length / 2);
    expect(await captureOf(rig, old)).toMatchObject({ downscaled: 'smaller', sent_sha256: whole.sha256 });
    expect(await pictureOf(rig, young)).toMatchObject({ width: 640 });
    expect(await captureOf(rig, young)).toMatchObject({ downscaled: null, sent_sha256: null });
    // Somebody may just be reading it.
    expect(await rig.blobs.get(whole.blob_key)).toEqual(wide);
    const saved = wide.length - small.bytes;
    const { downscaled, settings, blobs_left, classes } = await rig.newestRun();
    expect(downscaled).toEqual({
      smaller: 1,
      kept: 0,
      unreadable: 0,
      bytes: saved,
      put_off: 0,
      more: false,
      took_ms: expect.any(Number),
      error: null,
    });
    expect([settings.downscale, blobs_left]).toEqual([{ after_s: 21_600, width: 320 }, 0]);
    expect(classes.map(({ blobs }: { blobs: number }) => blobs)).toEqual(classes.map(() => 0));
    const text = await metrics.metrics();
    expect(text).toContain('passerby_retention_downscaled_total{outcome="smaller"} 1\n');
    expect(text).toContain(`passerby_retention_downscaled_bytes_total ${saved}\n`);

    await runOnceMore();
    expect(await rig.unmatched()).toEqual([]);
    const next = await rig.newestRun();
    expect(next.downscaled).toMatchObject({ smaller: 0, bytes: 0 });
    // Smaller ones are no pictures that went.
    expect(next.classes.find((one: { class: string }) => one.class === 'frames')).toMatchObject({ blobs: 0 });
  });

  test('goes with all else when its own time is over', async () => {
    await rig.addFrame({ atMs: OLD_MS, picture: wide });
    await rig.run({ config });
    rig.clock.advance(2 * DAY_MS);
    await rig.run({ config });
    expect([await rig.countOf('captures'), await rig.keys(), await rig.countOf('expired_blobs')]).toEqual([0, [], 0]);
  });

  test('is upright, as it was shown', async () => {
    // Held on its side: browsers show it 480 wide.
    const turned = await sharp(wide).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const seq = await rig.addFrame({ atMs: OLD_MS, picture: turned });
    await rig.run({ config });
    expect(await pictureOf(rig, seq)).toMatchObject({ width: 320, height: 427 });
    const { orientation } = await sharp((await rig.blobs.get((await captureOf(rig, seq)).blob_key)) ?? wide).metadata();
    expect(orientation).toBeUndefined();
  });

  test('is as wide as is said, of a camera with a time of its own also after that', async () => {
    await rig.setOwn('porch', { frames_downscale_h: 1 });
    await rig.setOwn('vault', { frames_downscale_h: 0 });
    const seqs = { cam: 0, porch: 0, vault: 0 };
    for (const device of ['cam', 'porch', 'vault'] as const) {
      seqs[device] = await rig.addFrame({ device, atMs: NOON_MS - 2 * HOUR_MS, picture: wide });
    }
    const widths = async () =>
      Promise.all(
        (['cam', 'porch', 'vault'] as const).map(async (device) => (await pictureOf(rig, seqs[device], device)).width),
      );
    await rig.run({ config: { ...config, FRAMES_DOWNSCALE_WIDTH: 200 } });
    expect(await widths()).toEqual([640, 200, 640]);
    rig.clock.advance(5 * HOUR_MS);
    await rig.run({ config: { ...config, FRAMES_DOWNSCALE_WIDTH: 100 } });
    expect(await widths()).toEqual([100, 200, 640]);
  });
});

describe('a picture stays whole', () => {
  const said = { atMs: OLD_MS };

  test.each<[why: string, add: () => Promise<number>]>([
    ['where nobody said otherwise', () => rig.addFrame({ ...said, device: 'vault', picture: wide })],
    ...['queued', 'running', 'failed', 'dead'].map((state): [string, () => Promise<number>] => [
      `of a frame that is ${state}`,
      () => rig.addFrame({ ...said, state, picture: wide }),
    ]),
    ['that came late, and not so long ago', () => rig.addFrame({ ...said, receivedMs: NOON_MS, picture: wide })],
    [
      'of a motion that is still to be drawn',
      async () => {
        await rig.addMotion({ atMs: OLD_MS - 60_000, endedMs: OLD_MS + 60_000 });
        return rig.addFrame({ ...said, picture: wide });
      },
    ],
    [
      'of which there is a dead letter',
      async () => {
        const seq = await rig.addFrame({ ...said, picture: wide });
        await rig.addLetter(seq);
        return seq;
      },
    ],
    [
      'of which there is a dead letter that has come to something',
      async () => {
        const seq = await rig.addFrame({ ...said, picture: wide });
        await rig.addLetter(seq);
        await rig.query("update dead_letters set state = 'redriven', succeeded_at = now()");
        return seq;
      },
    ],
  ])('%s', async (_, add) => {
    await rig.setOwn('vault', { frames_downscale_h: 0 });
    const seq = await add();
    const other = await rig.addFrame({ atMs: OLD_MS + 30 * 60_000, picture: wide });
    await rig.run({ config });
    const [row] = await rig.query<Capture>('select blob_key, downscaled from captures where seq = $1', [seq]);
    expect(row).toMatchObject({ downscaled: null });
    expect(await rig.blobs.get(row?.blob_key ?? '')).toEqual(wide);
    expect(await pictureOf(rig, other)).toMatchObject({ width: 320 });
  });

  test('while readers of events are so far behind that they may not have seen it', async () => {
    const seq = await rig.addFrame({ ...said, picture: wide });
    await rig.run({ config, lateMs: 2 * HOUR_MS });
    expect(await pictureOf(rig, seq)).toMatchObject({ width: 640 });
  });

  test('by default, and no receipt tells of it', async () => {
    const seq = await rig.addFrame({ ...said, picture: wide });
    await rig.run();
    expect(await pictureOf(rig, seq)).toMatchObject({ width: 640 });
    const { downscaled, settings } = await rig.newestRun();
    expect([downscaled, settings.downscale]).toEqual([null, { after_s: null, width: 320 }]);
  });
});

describe('a picture that cannot be made smaller', () => {
  test.each<[what: string, picture: () => Buffer, outcome: string]>([
    ['is narrow already', () => narrow, 'kept'],
    ['is no JPEG', () => Buffer.from('a picture'), 'unreadable'],
    ['is half of one', () => wide.subarray(0, wide.length / 2), 'unreadable'],
  ])('since it %s stays as it is, and is not tried again', async (_, picture, outcome) => {
    const seq = await rig.addFrame({ atMs: OLD_MS, picture: picture() });
    const other = await rig.addFrame({ atMs: OLD_MS + 1_000, picture: wide });
    const before = await captureOf(rig, seq);
    await rig.run({ config });
    expect(await captureOf(rig, seq)).toEqual({ ...before, downscaled: outcome });
    expect(await rig.blobs.get(before.blob_key)).toEqual(picture());
    expect(await pictureOf(rig, other)).toMatchObject({ width: 320 });
    expect((await rig.newestRun()).downscaled).toMatchObject({ smaller: 1, [outcome]: 1, error: null });
    let gets = 0;
    const get: Blobs['get'] = (key) => {
      gets += 1;
      return rig.blobs.get(key);
    };
    rig.clock.advance(HOUR_MS);
    await rig.run({ config, blobs: { get } });
    expect([gets, await rig.unmatched()]).toEqual([0, []]);
  });

  test.each<[what: string, get: (key: string) => Promise<Buffer | null>]>([
    [
      'fails',
      async (key) => {
        throw new Outage(key, 'a bad sector');
      },
    ],
    // A proxy that will be back soon.
    ['is another one', async () => narrow],
  ])('since what is read of it %s, and of others not, is put off for a day', async (_, getBad) => {
    const bad = await rig.addFrame({ atMs: OLD_MS, picture: wide });
    const good = await rig.addFrame({ atMs: OLD_MS + 1_000, picture: wide });
    const { blob_key: badKey } = await captureOf(rig, bad);
    const blobs = { get: (key: string) => (key === badKey ? getBad(key) : rig.blobs.get(key)) };
    await rig.run({ config, blobs });
    expect((await rig.newestRun()).downscaled).toMatchObject({ smaller: 1, unreadable: 0, put_off: 1, error: null });
    expect(await captureOf(rig, bad)).toMatchObject({ blob_key: badKey, downscaled: null });
    expect(await pictureOf(rig, good)).toMatchObject({ width: 320 });
    rig.clock.advance(25 * HOUR_MS);
    await rig.run({ config, blobs });
    expect((await rig.newestRun()).downscaled).toMatchObject({ smaller: 0, unreadable: 1, put_off: 0, error: null });
    expect(await captureOf(rig, bad)).toMatchObject({ blob_key: badKey, downscaled: 'unreadable' });
  });

  test('since it is not there is not tried again', async () => {
    const seq = await rig.addFrame({ atMs: OLD_MS, picture: wide });
    const { blob_key: key } = await captureOf(rig, seq);
    await rig.blobs.delete(key);
    await rig.run({ config });
    expect(await captureOf(rig, seq)).toMatchObject({ blob_key: key, downscaled: 'unreadable' });
  });

  test('since no blob can have its name is not tried again', async () => {
    const seq = await rig.addFrame({ atMs: OLD_MS, picture: wide });
    await rig.query("update captures set blob_key = '../elsewhere.jpg'");
    await rig.run({ config });
    expect(await captureOf(rig, seq)).toMatchObject({ blob_key: '../elsewhere.jpg', downscaled: 'unreadable' });
  });

  test('since the store is away costs nobody anything', async () => {
    const seq = await rig.addFrame({ atMs: NOON_MS - 40 * HOUR_MS, picture: wide });
    const away = () => Promise.reject(new Outage('the blob store', 'away'));
    const metrics = await rig.run({ config, blobs: { get: away, health: away } });
    expect((await rig.newestRun()).downscaled).toMatchObject({
      smaller: 0,
      unreadable: 0,
      error: 'the blob store: away',
    });
    expect(await metrics.metrics()).toContain('passerby_retention_errors_total{class="downscaling"} 1\n');
    expect(await captureOf(rig, seq)).toMatchObject({ downscaled: null });
    await rig.run({ config });
    expect(await pictureOf(rig, seq)).toMatchObject({ width: 320 });
  });
});

describe('a run', () => {
  test('looks for what came to be due lately, and once a day for all there is', async () => {
    const kept = { ...config, RETENTION_CAPTURES_H: 2_000, RETENTION_FRAMES_H: 2_000 };
    const widthsOf = (seqs: readonly number[]) =>
      Promise.all(seqs.map(async (seq) => (await pictureOf(rig, seq)).width));
    const addAll = async (days: readonly number[]) => {
      const seqs: number[] = [];
      for (const day of days) seqs.push(await rig.addFrame({ atMs: NOON_MS - day * DAY_MS, picture: wide }));
      return seqs;
    };
    const before = await addAll([40, 39.9, 10, 4, 2]);
    await rig.run({ config: kept });
    expect(await widthsOf(before)).toEqual([320, 320, 320, 320, 320]);
    const late = await addAll([10, 4, 3, 1]);
    rig.clock.advance(HOUR_MS);
    await rig.run({ config: kept });
    expect(await widthsOf(late)).toEqual([640, 640, 320, 320]);
    rig.clock.advance(12 * HOUR_MS);
    await rig.run({ config: kept });
    expect(await widthsOf(late)).toEqual([320, 320, 320, 320]);
  });

  test('goes through more than fit into a batch, and stops between two when it is to', async () => {
    for (let frames = 0; frames < 120; frames++) await rig.addFrame({ atMs: OLD_MS + frames, picture: wide });
    const scope = scopesOf({ ...readConfig(retentionConfig, {}), ...config }, [])[0];
    if (!scope) throw new Error('no scope');
    const stopping = new AbortController();
    const batches: number[] = [];
    const work = {
      store: rig.services.store,
      blobs: rig.blobs,
      clock: rig.clock,
      widthMax: 320,
      onBatch: ({ counts }: { counts: { smaller: number } }) => {
        batches.push(counts.smaller);
        stopping.abort();
      },
    };
    const of = {
      scope,
      holds: { unanalysedSince: new Date(0), undrawnSince: new Date(NOON_MS), drawnTypes: ['motion'] },
      beforeMs: NOON_MS,
      sinceMs: null,
    };
    expect([await downscale(work, of, stopping.signal), batches]).toEqual([{ more: true }, [50]]);
    // The oldest first.
    const rows = await rig.query<{ downscaled: string }>('select downscaled from captures order by captured_at');
    expect(rows.map(({ downscaled }) => downscaled === 'smaller')).toEqual(rows.map((_, at) => at < 50));
    await rig.run({ config });
    expect((await rig.newestRun()).downscaled).toMatchObject({ smaller: 70, more: false });
    await runOnceMore();
    expect(await rig.unmatched()).toEqual([]);
  });
});

test('a record that comes again long after takes no row back to the picture that was there', async () => {
  const seq = await rig.addFrame({ atMs: OLD_MS, picture: wide });
  const { blob_key: key } = await captureOf(rig, seq);
  await rig.run({ config });
  const small = await captureOf(rig, seq);
  const value = frame(seq, {
    ...{ frame_id: frameId('cam', 1, seq), device_id: 'cam', epoch: 1, captured_at: OLD_MS, received_at: OLD_MS },
    ...{ blob_key: key, size_bytes: wide.length, sha256: hash('sha256', wide, 'buffer') },
  });
  const record = { offset: 0n, key: 'cam', value: null, headers: {}, appendedAtMs: OLD_MS };
  await rig.services.store.transaction((transaction) => writeFrames(transaction, [{ record, value }]));
  expect(await captureOf(rig, seq)).toEqual(small);
});
