import { tmpdir } from 'node:os';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import type { Room } from '../ports/room.ts';
import { createDiskGuard } from './disk-guard.ts';

const room = (freeBytes: number, freeNamesShare: number | null = 0.5): Room => ({
  totalBytes: 10_000,
  usedBytes: 10_000 - freeBytes,
  freeBytes,
  freeNamesShare,
});

function open(look: () => Promise<Room | null>, freeMinBytes = 1_000, folders: Readonly<Record<string, string>> = {}) {
  const metrics = new Registry();
  const blobs = { health: async () => ({ room: await look() }) };
  const guard = createDiskGuard({ blobs, folders, freeMinBytes, metrics, answerWithinMs: 20 });
  return {
    async seen() {
      await guard.look();
      const full = (await metrics.metrics()).includes('passerby_ingest_disk_full 1');
      try {
        guard.requireRoom();
        return full ? 'taken, and said to be full' : 'taken';
      } catch (error) {
        const { status, code, headers } = error as { status: number; code: string; headers: object };
        return `${status} ${code} ${JSON.stringify(headers)}${full ? '' : ', and not said to be full'}`;
      }
    },
  };
}

const REFUSED = '507 disk-full {"retry-after":"30"}';

test('frames are turned away below the bound, and taken again when there is a tenth more', async () => {
  let free = 0;
  const guard = open(async () => room(free));
  const seen: string[] = [];
  for (free of [5_000, 1_000, 999, 1_000, 1_099, 1_100, 1_000]) seen.push(`${free} ${await guard.seen()}`);
  expect(seen).toEqual([
    '5000 taken',
    '1000 taken',
    `999 ${REFUSED}`,
    `1000 ${REFUSED}`,
    `1099 ${REFUSED}`,
    '1100 taken',
    '1000 taken',
  ]);
});

test('a disk that was full and is silent is taken to be full until it answers', async () => {
  let look = async (): Promise<Room | null> => room(999);
  const guard = open(() => look());
  expect(await guard.seen()).toBe(REFUSED);
  look = () => Promise.reject(new Outage('the disk', 'away'));
  expect(await guard.seen()).toBe(REFUSED);
  let answer = (_: Room): void => undefined;
  look = () =>
    new Promise((settle) => {
      answer = settle;
    });
  expect(await guard.seen()).toBe(REFUSED);
  answer(room(5_000));
  expect(await guard.seen()).toBe('taken');
});

test.each<[freeMinBytes: number, folder: string, answer: string]>([
  [1, tmpdir(), 'taken'],
  [Number.MAX_SAFE_INTEGER, tmpdir(), REFUSED],
  [Number.MAX_SAFE_INTEGER, '/no such folder', 'taken'],
])('so are those of folders: %i bytes of %s', async (freeMinBytes, folder, answer) => {
  expect(await open(async () => null, freeMinBytes, { data: folder }).seen()).toBe(answer);
});

test.each<[why: string, look: () => Promise<Room | null>, freeMinBytes: number, answer: string]>([
  ['there are no names left for files', async () => room(5_000, 0), 1_000, REFUSED],
  ['nothing is known of it', async () => null, 1_000, 'taken'],
  ['it does not answer', () => Promise.reject(new Outage('the disk', 'away')), 1_000, 'taken'],
  ['it hangs', () => new Promise(() => undefined), 1_000, 'taken'],
  ['it is not to be looked at', async () => room(0, 0), 0, 'taken'],
])('where %s', async (_, look, freeMinBytes, answer) => {
  expect(await open(look, freeMinBytes).seen()).toBe(answer);
});
