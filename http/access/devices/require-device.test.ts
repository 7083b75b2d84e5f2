import { expect, test } from 'vitest';
import { createRateLimit } from '../rate-limit.ts';
import type { KnownDevice } from './device-tokens.ts';
import { createRequireDevice } from './require-device.ts';

const NOW_MS = Date.UTC(2026, 4, 1, 12);
const owners = new Map([
  ['a', 'north'],
  ['b', 'north'],
  ['c', 'south'],
]);

/** Lets in a, b and c, by tokens that are their names; `limited` may come once in ten seconds. */
function createDoor(limited: 'device' | 'owner' | 'address') {
  const limit = (name: string) => createRateLimit({ perSecond: name === limited ? 0.1 : 0, nowMs: () => NOW_MS });
  const requireDevice = createRequireDevice({
    tokens: {
      find: async (id): Promise<KnownDevice> => ({
        id,
        ownerId: owners.get(id) ?? null,
        epoch: 1,
        revoked: false,
        requiresSignature: false,
        tokenDigests: [Buffer.alloc(32)],
      }),
    },
    signatures: { check: () => Promise.reject(new Error('nobody has signed')) },
    limits: { device: limit('device'), owner: limit('owner'), address: limit('address') },
  });
  return ([id, ip]: readonly [string, string]) =>
    requireDevice({ method: 'POST', headers: { 'x-device-token': id }, ip, url: '/upload' } as never);
}

test.each([
  ['device', ['a', '192.0.2.1'], ['a', '198.51.100.1'], ['b', '192.0.2.1']],
  ['owner', ['a', '192.0.2.1'], ['b', '198.51.100.1'], ['c', '192.0.2.1']],
  ['address', ['a', '192.0.2.1'], ['c', '192.0.2.1'], ['b', '198.51.100.1']],
] as const)(
  'who comes too often is told when to come again, by %s, and others are let in',
  async (limited, first, second, other) => {
    const enter = createDoor(limited);
    await enter(first);
    await expect(enter(second)).rejects.toMatchObject({
      status: 429,
      code: 'too-many-requests',
      headers: { 'retry-after': '10' },
    });
    await enter(other);
  },
);
