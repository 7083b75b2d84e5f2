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

function open(look: () => Promise<Room | null>, freeMinBytes = 1_000) {
  const metrics = new Registry();
  const blobs = { health: async () => ({ room: await look() }) };
  const guard = createDiskGuard({ blobs, folders: [], freeMinBytes, metrics });
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

test.each<[why: string, look: () => Promise<Room | null>, freeMinBytes: number, answer: string]>([
  ['there are no names left for files', async () => room(5_000, 0), 1_000, REFUSED],
  ['nothing is known of it', async () => null, 1_000, 'taken'],
  ['it does not answer', () => Promise.reject(new Outage('the disk', 'away')), 1_000, 'taken'],
  ['it is not to be looked at', async () => room(0, 0), 0, 'taken'],
])('where %s', async (_, look, freeMinBytes, answer) => {
  expect(await open(look, freeMinBytes).seen()).toBe(answer);
});
