import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Room } from '../room.ts';
import type { Blobs } from './blobs.ts';

export interface BlobsUnderTest {
  readonly blobs: Blobs;
  close(): Promise<void>;
}

export function describeBlobs(
  name: string,
  create: () => Promise<BlobsUnderTest>,
  { decidesRaces = true }: { readonly decidesRaces?: boolean } = {},
): void {
  describe(`blobs: ${name}`, () => {
    let subject: BlobsUnderTest;
    let blobs: Blobs;
    beforeAll(async () => {
      subject = await create();
      blobs = subject.blobs;
    });
    afterAll(() => subject.close());

    test('what was put comes back, with its size and the time it was stored', async () => {
      const bytes = randomBytes(50_000);
      const beforeMs = Date.now();
      expect(await blobs.put('images/cam-1/1.jpg', bytes)).toBe('stored');
      expect((await blobs.get('images/cam-1/1.jpg'))?.equals(bytes)).toBe(true);
      const head = await blobs.head('images/cam-1/1.jpg');
      expect(head?.sizeBytes).toBe(50_000);
      // Stores keep times to the second.
      expect(Math.abs((head?.storedAtMs ?? 0) - beforeMs)).toBeLessThan(5_000);
    });

    test('an empty blob is a blob', async () => {
      expect(await blobs.put('empty', Buffer.alloc(0))).toBe('stored');
      expect((await blobs.get('empty'))?.length).toBe(0);
    });

    test('what is not there is null, and deleting it is no error', async () => {
      expect(await blobs.get('nowhere/nothing.jpg')).toBeNull();
      expect(await blobs.head('nowhere/nothing.jpg')).toBeNull();
      await blobs.delete('nowhere/nothing.jpg');
    });

    test('a folder of keys is not a blob', async () => {
      await blobs.put('folder/inner', Buffer.from('x'));
      expect(await blobs.head('folder')).toBeNull();
    });

    test('the first put of a key stays', async () => {
      await blobs.put('first', Buffer.from('one'));
      expect(await blobs.put('first', Buffer.from('two'))).toBe('exists');
      expect((await blobs.get('first'))?.toString()).toBe('one');
    });

    // A store that cannot put on a condition looks before it writes, and two may look at the same moment.
    if (decidesRaces) {
      test('of sixteen puts at once one stores, and its bytes are whole', async () => {
        const bodies = Array.from({ length: 16 }, (_, at) => Buffer.alloc(20_000, at));
        const answers = await Promise.all(bodies.map((bytes) => blobs.put('race/one.jpg', bytes)));
        expect(answers.filter((answer) => answer === 'stored')).toHaveLength(1);
        const winner = bodies[answers.indexOf('stored')];
        expect((await blobs.get('race/one.jpg'))?.equals(winner ?? Buffer.alloc(0))).toBe(true);
      });
    }

    test('a deleted key is free again', async () => {
      await blobs.put('again', Buffer.from('one'));
      await blobs.delete('again');
      expect(await blobs.get('again')).toBeNull();
      expect(await blobs.put('again', Buffer.from('two'))).toBe('stored');
      expect((await blobs.get('again'))?.toString()).toBe('two');
    });

    test('list gives the keys below a prefix, in order', async () => {
      const keys = ['list/a-b/1', 'list/a/2', 'list/a/10', 'list/a.b', 'list/b/c/d', 'listed', 'lis'];
      for (const key of keys) await blobs.put(key, Buffer.from(key));
      expect(await collect(blobs.list('list/'))).toEqual([
        'list/a-b/1',
        'list/a.b',
        'list/a/10',
        'list/a/2',
        'list/b/c/d',
      ]);
      expect(await collect(blobs.list('list/a'))).toEqual(['list/a-b/1', 'list/a.b', 'list/a/10', 'list/a/2']);
      expect(await collect(blobs.list('list/a/'))).toEqual(['list/a/10', 'list/a/2']);
      expect(await collect(blobs.list('none/'))).toEqual([]);
    });

    test.each([
      '',
      '/etc/passwd',
      '../escape',
      'images/../../escape',
      'images/./x',
      'images//x',
      'images/',
      'a\\b',
      'a\0b',
      'a b',
      'é',
      'x'.repeat(201),
      Array.from({ length: 101 }, () => 'segments').join('/'),
    ])('the key %j is refused', async (key) => {
      await expect(blobs.put(key, Buffer.from('x'))).rejects.toThrow(TypeError);
      await expect(blobs.get(key)).rejects.toThrow(TypeError);
      await expect(blobs.head(key)).rejects.toThrow(TypeError);
      await expect(blobs.delete(key)).rejects.toThrow(TypeError);
    });

    test('a store that can be written says so', async () => {
      await blobs.check();
    });

    test('a store says that it is there, and of its room nothing that cannot be; it changes nothing', async () => {
      await blobs.put('health/1', Buffer.alloc(10_000));
      const before = await collect(blobs.list(''));
      const { room } = await blobs.health();
      expect(room === null || isPossible(room), JSON.stringify(room)).toBe(true);
      expect(await collect(blobs.list(''))).toEqual(before);
    });
  });
}

function isPossible({ totalBytes, usedBytes, freeBytes, freeNamesShare }: Room): boolean {
  const bytes = totalBytes > 0 && usedBytes > 0 && freeBytes >= 0 && usedBytes + freeBytes <= totalBytes;
  return bytes && (freeNamesShare === null || (freeNamesShare >= 0 && freeNamesShare <= 1));
}

async function collect(keys: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = [];
  for await (const key of keys) collected.push(key);
  return collected;
}
