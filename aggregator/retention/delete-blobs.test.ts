import type { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import { HOUR_MS, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

let rig: RetentionRig;
beforeAll(async () => {
  rig = await startRetentionRig();
});
afterAll(() => rig.services.stop());

beforeEach(() => rig.empty());

const old = NOON_MS - 49 * HOUR_MS;

const addExpired = (names: string, count: number, expiredMs = NOON_MS) =>
  rig.query(
    `insert into expired_blobs (key, class, size_bytes, expired_at)
     select $1::text || '/' || lpad(number::text, 4, '0') || '.jpg', 'frames', 1, $3::timestamptz
     from generate_series(1, $2::integer) as number`,
    [names, count, new Date(expiredMs)],
  );
const errorsTold = async (metrics: Registry) =>
  (await metrics.metrics()).split('\n').filter((line) => line.startsWith('passerby_retention_errors_total{'));

describe('a run', () => {
  test.each([
    [200, 1],
    // More than it tries in one run.
    [1_200, 2],
  ])('deletes what lies behind %i blobs that cannot be deleted, within %i', async (stuck, runs) => {
    await addExpired('bad', stuck);
    await addExpired('good', 500);
    let tries = 0;
    const aggregator = rig.open({
      blobs: {
        delete: async (key) => {
          tries += 1;
          if (key.startsWith('bad/')) throw new Error('EACCES');
        },
      },
    });
    for (let run = 1; run < runs; run++) await aggregator.run();
    expect(await rig.countOf('expired_blobs')).toBe(stuck + 500);
    tries = 0;
    const metrics = await aggregator.run();
    expect(await rig.query("select key from expired_blobs where key like 'good/%'")).toEqual([]);
    expect(tries).toBe(500 + Math.min(stuck, 1_000));
    // Told once, and not of what could go through to its end.
    const { classes: lines, blobs_left, blobs_error } = await rig.newestRun();
    expect([blobs_left, blobs_error, lines.filter(({ error }: { error: unknown }) => error !== null)]).toEqual([
      stuck,
      'EACCES',
      [],
    ]);
    expect(lines.find((one: { class: string }) => one.class === 'frames')).toMatchObject({ blobs: 500 });
    expect(await errorsTold(metrics)).toEqual([`passerby_retention_errors_total{class="blobs"} ${runs}`]);
  });

  test('tries no more blobs than it must to see that the store is away', async () => {
    await addExpired('any', 500);
    let tries = 0;
    const away = async () => {
      tries += 1;
      throw new Outage('the blob store', 'away');
    };
    await rig.run({ blobs: { delete: away, health: () => Promise.reject(new Outage('the blob store', 'away')) } });
    expect([tries, await rig.countOf('expired_blobs')]).toEqual([200, 500]);
    await rig.run();
    expect([await rig.countOf('expired_blobs'), (await rig.newestRun()).blobs_error]).toEqual([0, null]);
  });

  test('leaves blobs that are not over yet', async () => {
    await rig.blobs.put('early/0001.jpg', Buffer.from('x'));
    await addExpired('early', 1, NOON_MS + 60_000);
    await rig.run();
    expect(await rig.keys()).toEqual(['early/0001.jpg']);
    rig.clock.advance(60_000);
    await rig.run();
    expect([await rig.keys(), await rig.countOf('expired_blobs')]).toEqual([[], 0]);
  });

  test('that a blob store is away for has let go of the rows; the next deletes the pictures', async () => {
    for (let frames = 0; frames < 3; frames++) await rig.addFrame({ atMs: old });
    const away = {
      head: rig.blobs.head,
      delete: async (key: string) => {
        if (key.endsWith(`${key.at(-5)}.jpg`)) throw new Outage('the blob store', 'away');
      },
    };
    const metrics = await rig.run({ blobs: away });
    expect((await rig.capturesOf()).seqs).toEqual([]);
    const { blobs_left, blobs_error } = await rig.newestRun();
    expect([blobs_left, blobs_error]).toEqual([3, 'the blob store: away']);
    expect(await errorsTold(metrics)).toEqual(['passerby_retention_errors_total{class="blobs"} 1']);
    // As after a crash between the commit and the deletion.
    expect(await rig.keys()).toHaveLength(3);
    await rig.run();
    expect([await rig.keys(), await rig.countOf('expired_blobs')]).toEqual([[], 0]);
    expect((await rig.newestRun()).classes.find((one: { class: string }) => one.class === 'frames')).toMatchObject({
      blobs: 3,
    });
  });
});
