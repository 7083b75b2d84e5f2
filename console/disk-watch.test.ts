import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlobsHealth } from '../ports/blobs/blobs.ts';
import { createFilesystemBlobs } from '../ports/blobs/filesystem.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import { openDiskWatch } from './disks-under-test.ts';

const NOW_MS = Date.UTC(2026, 4, 1, 12);
const BLOCK = 2 ** 20;
/** In MiB: of 10,000, so many free. */
const disk = (free: number) => ({ bsize: BLOCK, blocks: 10_000, bfree: free, bavail: free, files: 100, ffree: 50 });

describe('the watch of disks', () => {
  const clock = createManualClock(NOW_MS);
  let folder: string;
  let metrics: Registry;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'passerby-disks-'));
    metrics = new Registry();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const gauges = async () =>
    (await metrics.metrics())
      .split('\n')
      .filter((line) => line.startsWith('passerby_disk_'))
      .sort();

  test('tells how each stands, to people and to Prometheus', async () => {
    let free = 5_000;
    const blobs = createFilesystemBlobs({ folder, statfs: async () => disk(free) });
    const watch = openDiskWatch({ blobs, clock, metrics, limits: { lowBytes: 0, lowShare: 0.1 } });
    const states: string[] = [];
    for (free of [5_000, 1_000, 999, 64, 63, 0]) {
      await watch.look();
      const [told] = await watch.disks();
      states.push(`${free} ${told?.state}`);
      expect(await gauges()).toEqual([
        `passerby_disk_free_bytes{disk="blobs"} ${free * BLOCK}`,
        `passerby_disk_total_bytes{disk="blobs"} ${10_000 * BLOCK}`,
      ]);
    }
    expect(states).toEqual(['5000 ok', '1000 ok', '999 low', '64 low', '63 full', '0 full']);
  });

  test('looks at folders besides; of what does not answer no old figure stays', async () => {
    const blobs = createFilesystemBlobs({ folder: join(folder, 'blobs'), statfs: async () => disk(5_000) });
    const watch = openDiskWatch({ blobs, clock, metrics, folders: { data: folder } });
    expect((await watch.disks()).map(({ name, state }) => [name, state])).toEqual([
      ['blobs', 'ok'],
      ['data', 'ok'],
    ]);
    expect(await gauges()).toHaveLength(4);
    rmSync(folder, { recursive: true });
    await watch.look();
    expect((await watch.disks()).map(({ name, state, room }) => [name, state, room === null])).toEqual([
      ['blobs', 'ok', false],
      ['data', 'unreachable', true],
    ]);
    expect(await gauges()).toHaveLength(2);
  });

  test('a store of which nothing is known but that it answers is well, and has no figures', async () => {
    let answer = async (): Promise<BlobsHealth> => ({ room: null });
    const watch = openDiskWatch({ blobs: { health: () => answer() }, clock, metrics });
    expect(await watch.disks()).toMatchObject([{ state: 'ok', room: null, tookMs: expect.any(Number) }]);
    answer = () => Promise.reject(new Outage('the S3 server', 'gone'));
    await watch.look();
    expect(await watch.disks()).toEqual([
      { name: 'blobs', state: 'unreachable', room: null, tookMs: null, lookedAtMs: NOW_MS },
    ]);
    expect(await gauges()).toEqual([]);
  });

  test('one that hangs is unreachable, is asked once, and holds up no look at the others', async () => {
    let asked = 0;
    let answer = (_: BlobsHealth): void => undefined;
    const health = () => {
      asked += 1;
      return new Promise<BlobsHealth>((settle) => {
        answer = settle;
      });
    };
    const watch = openDiskWatch({ blobs: { health }, clock, metrics, folders: { data: folder }, answerWithinMs: 20 });
    for (let looks = 0; looks < 3; looks++) {
      await watch.look();
      expect((await watch.disks()).map(({ name, state }) => `${name} ${state}`)).toEqual([
        'blobs unreachable',
        'data ok',
      ]);
    }
    expect(asked).toBe(1);
    answer({ room: null });
    await watch.look();
    expect([(await watch.disks())[0]?.state, asked]).toEqual(['ok', 1]);
    await watch.look();
    expect([(await watch.disks())[0]?.state, asked]).toEqual(['unreachable', 2]);
    answer({ room: null });
  });
});
