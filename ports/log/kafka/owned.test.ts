import type { Consumer, Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { Arrivals } from '../arrivals.ts';
import { createFeed } from './feed.ts';
import { createOwned } from './owned.ts';

/** Notes in which order the brokers are asked for what. */
function openOwned({ writes, revoked = new AbortController() }: { writes: string[]; revoked?: AbortController }) {
  const asked: string[] = [];
  const transaction = { commit: async () => void asked.push('fence'), isActive: () => false };
  const producer = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    transaction: async () => transaction,
  };
  const consumer = { commitOffsets: async () => void asked.push('commit') } as unknown as Consumer;
  const nothing = () => undefined;
  const owned = createOwned(
    {
      kafka: { producer: () => producer } as unknown as Kafka,
      partitionCount: () => 1,
      positions: {
        ends: async () => ({ low: 0n, high: 9n }),
        firstAfter: async () => 9n,
        committed: async () => {
          asked.push('where the group stands');
          return 3n;
        },
        onLost: nothing,
      },
    },
    {
      topic: 'frames',
      group: 'reader',
      writes,
      batchRecordsMax: 10,
      open: async () => ({ state: null }),
      step: async (state) => ({ state, outputs: [] }),
    },
    {
      partition: 0,
      consumer,
      arrivals: new Arrivals(),
      revoked: revoked.signal,
      feed: createFeed(
        { seek: nothing, pause: nothing, resume: nothing },
        { queueMax: 10, bytesMax: 1_000, gapless: true },
      ),
    },
  );
  return { owned, asked };
}

const place = { group: 'reader', topic: 'frames', partition: 0 };

test('the former owner is fenced before it is asked where the group stands: it may still be committing', async () => {
  const { owned, asked } = openOwned({ writes: ['events'] });
  expect(await owned.take(place)).toBe(3n);
  expect(asked).toEqual(['fence', 'where the group stands']);
});

test('a reader without outputs commits no place in a partition that has been given to another', async () => {
  const revoked = new AbortController();
  const { owned, asked } = openOwned({ writes: [], revoked });
  await owned.commit(place, { expected: 3n, next: 4n, outputs: [] });
  revoked.abort();
  await expect(owned.commit(place, { expected: 4n, next: 5n, outputs: [] })).rejects.toThrow('another owner');
  expect(asked).toEqual(['commit']);
});
