import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Outage } from '../errors.ts';
import { describeBlobs } from './blobs.contract.ts';
import { createFilesystemBlobs } from './filesystem.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'passerby-blobs-'));

describeBlobs('filesystem', async () => {
  const folder = temporary();
  return {
    blobs: createFilesystemBlobs({ folder }),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

describe('blobs on the filesystem', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporary();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('lie at their key, with nothing left beside them', async () => {
    const blobs = createFilesystemBlobs({ folder });
    await blobs.put('images/cam-1/1.jpg', Buffer.from('x'));
    await blobs.put('images/cam-1/1.jpg', Buffer.from('y'));
    expect(readdirSync(join(folder, 'images/cam-1'))).toEqual(['1.jpg']);
    expect(readdirSync(join(folder, '~unfinished'))).toEqual([]);
  });

  test('what a killed process left half-written is cleared at the start and never listed', async () => {
    const blobs = createFilesystemBlobs({ folder });
    const draft = join(folder, '~unfinished', 'draft');
    writeFileSync(draft, 'half');
    const keys: string[] = [];
    for await (const key of blobs.list('')) keys.push(key);
    expect(keys).toEqual([]);
    createFilesystemBlobs({ folder });
    expect(existsSync(draft)).toBe(false);
  });

  test('a folder removed by hand is made again', async () => {
    const blobs = createFilesystemBlobs({ folder });
    await blobs.put('images/1', Buffer.from('x'));
    rmSync(join(folder, 'images'), { recursive: true });
    await expect(blobs.put('images/2', Buffer.from('x'))).rejects.toThrow(Outage);
    expect(await blobs.put('images/2', Buffer.from('x'))).toBe('stored');
  });

  test('a store whose folder is gone is an outage', async () => {
    const blobs = createFilesystemBlobs({ folder });
    rmSync(folder, { recursive: true });
    await expect(blobs.put('x', Buffer.from('x'))).rejects.toThrow(Outage);
    await expect(blobs.check()).rejects.toThrow(Outage);
    await expect(blobs.health()).rejects.toThrow(Outage);
  });

  test('tell how much room their disk has, for this account', async () => {
    // As of a disk of 1,000 blocks, of which 50 are kept back for root.
    const disk = { bsize: 4_096, blocks: 1_000, bfree: 300, bavail: 250, files: 100, ffree: 5 };
    const asked: string[] = [];
    const statfs = async (path: string) => {
      asked.push(path);
      return disk;
    };
    expect((await createFilesystemBlobs({ folder, statfs }).health()).room).toEqual({
      totalBytes: 4_096_000,
      usedBytes: 2_867_200,
      freeBytes: 1_024_000,
      freeNamesShare: 0.05,
    });
    expect(asked).toEqual([join(folder, '~unfinished')]);
    const uncounted = createFilesystemBlobs({ folder, statfs: async () => ({ ...disk, files: 0, ffree: 0 }) });
    expect((await uncounted.health()).room?.freeNamesShare).toBeNull();
  });

  test('while the folder is away, nothing is said to be missing, and nothing is begun in its place', async () => {
    const blobs = createFilesystemBlobs({ folder });
    await blobs.put('images/1', Buffer.from('x'));
    renameSync(folder, `${folder}-away`);
    await expect(blobs.get('images/1')).rejects.toThrow(Outage);
    await expect(blobs.head('images/1')).rejects.toThrow(Outage);
    await expect(blobs.put('images/2', Buffer.from('x'))).rejects.toThrow(Outage);
    expect(existsSync(folder)).toBe(false);
    expect(() => createFilesystemBlobs({ folder, known: true })).toThrow('Is its disk mounted?');
    renameSync(`${folder}-away`, folder);
    expect((await blobs.get('images/1'))?.toString()).toBe('x');
    expect(await createFilesystemBlobs({ folder, known: true }).get('images/2')).toBeNull();
  });

  test('a put that fails leaves nothing behind', async () => {
    const blobs = createFilesystemBlobs({ folder });
    writeFileSync(join(folder, 'images'), 'a file where a folder is to be');
    await expect(blobs.put('images/1', Buffer.from('x'))).rejects.toThrow(Outage);
    expect(readdirSync(join(folder, '~unfinished'))).toEqual([]);
  });

  test.runIf(process.platform !== 'win32')('are for their owner alone', async () => {
    const below = join(folder, 'below');
    await createFilesystemBlobs({ folder: below }).put('images/1', Buffer.from('x'));
    expect(statSync(below).mode & 0o777).toBe(0o700);
    expect(statSync(join(below, 'images/1')).mode & 0o777).toBe(0o600);
  });
});
