import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import type { IsErased } from './erased-pictures.ts';
import { createFetchPicture } from './fetch-picture.ts';
import { frameOf } from './frames-under-test.ts';

const JPEG = Buffer.from('a picture');
const PAGE = Buffer.from('<html>We will be back soon</html>');

function setUp() {
  const answers = new Map<string, Buffer | null>();
  const erased = new Set<string>();
  let nowMs = 0;
  const blobs = { get: async (key: string) => answers.get(key) ?? null };
  const isErased: IsErased = async ({ device_id }) => erased.has(device_id);
  const fetchPicture = createFetchPicture({ blobs, isErased, monotonicMs: () => nowMs });
  const frames = [0, 1].map((seq) => ({
    ...frameOf({ seq, atMs: 0 }),
    blob_key: `images/${seq}.jpg`,
    size_bytes: JPEG.length,
    sha256: hash('sha256', JPEG, 'buffer'),
  }));
  return {
    answer: (seq: number, bytes: Buffer | null) => answers.set(`images/${seq}.jpg`, bytes),
    erase: () => erased.add(String(frames[0]?.device_id)),
    fetch: async (seq: number) => fetchPicture(frames[seq] as (typeof frames)[number]),
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('what was stored comes, and what is not there is told', async () => {
  const { answer, fetch } = setUp();
  answer(0, JPEG);
  expect(await fetch(0)).toBe(JPEG);
  expect(await fetch(1)).toMatchObject({ code: 'picture-missing' });
});

test('of what is not there it is told whether it was erased, and what is there comes', async () => {
  const { answer, erase, fetch } = setUp();
  erase();
  answer(0, JPEG);
  expect(await fetch(0)).toBe(JPEG);
  expect(await fetch(1)).toMatchObject({ code: 'erased' });
});

test.each([PAGE, JPEG.subarray(1), Buffer.from('A picture'), Buffer.alloc(0)])(
  'something else is an outage, and after a minute of it the answer (%#)',
  async (bytes) => {
    const { answer, fetch, wait } = setUp();
    answer(0, bytes);
    await expect(fetch(0)).rejects.toThrow(Outage);
    wait(59_999);
    await expect(fetch(0)).rejects.toThrow(Outage);
    wait(1);
    expect(await fetch(0)).toMatchObject({ code: 'picture-changed' });
  },
);

test('a store that is well again gives what was stored, and is doubted anew', async () => {
  const { answer, fetch, wait } = setUp();
  answer(0, PAGE);
  await expect(fetch(0)).rejects.toThrow(Outage);
  wait(40_000);
  answer(0, JPEG);
  expect(await fetch(0)).toBe(JPEG);
  answer(0, PAGE);
  wait(40_000);
  await expect(fetch(0)).rejects.toThrow(Outage);
});

test('once it was taken at its word, others need not wait for ten minutes', async () => {
  const { answer, fetch, wait } = setUp();
  answer(0, PAGE);
  answer(1, PAGE);
  await expect(fetch(0)).rejects.toThrow(Outage);
  wait(60_000);
  await fetch(0);
  expect(await fetch(1)).toMatchObject({ code: 'picture-changed' });
  wait(600_000);
  await expect(fetch(1)).rejects.toThrow(Outage);
});
