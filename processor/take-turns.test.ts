import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { expect, test } from 'vitest';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { Outage } from '../ports/errors.ts';
import { builtInSettings } from '../schemas/device-settings.ts';
import { createAttempts, createWentWell } from './attempts.ts';
import type { Configuration } from './configuration.ts';
import { newScene, type Scene } from './device-step.ts';
import type { Eyes } from './eyes.ts';
import { readPicture } from './fetch-picture.ts';
import { firstAtMs, frameOf, lookOf, recordOf, smallGrid } from './frames-under-test.ts';
import type { Turn } from './line-up.ts';
import { createTakeTurns } from './take-turns.ts';

const { prepared, found } = lookOf(0);

const looksAlways: Configuration = {
  version: 1,
  settings: { ...builtInSettings, thresholds: { ...builtInSettings.thresholds, look_every_ms: 0 } },
  json: '{}',
};

/** Turns of these devices in their order, and what was done with them when. */
async function setUp(
  devices: readonly string[],
  { find = async () => {}, fetchFails = () => false, sceneOf = () => newScene, places = 8 }: Partial<SetUp> = {},
) {
  const blobs = createMemoryBlobs({ clock: createManualClock(firstAtMs) });
  const turns = devices.map((device, seq): Turn & { readonly kind: 'frame' } => {
    const frame = frameOf({ device, seq, atMs: seq * 200 });
    const record = { ...recordOf(frame), offset: BigInt(seq), appendedAtMs: firstAtMs };
    return { kind: 'frame', deviceId: device, frame, record, redriven: false, configuration: looksAlways };
  });
  for (const { frame } of turns) await blobs.put(frame.blob_key, Buffer.from(`${frame.seq}`));
  const done: string[] = [];
  let [inMemory, inMemoryMax] = [0, 0];
  const eyes: Eyes = {
    async prepare(jpeg) {
      inMemory += 1;
      inMemoryMax = Math.max(inMemory, inMemoryMax);
      done.push(`see ${jpeg}`);
      const letGo = () => {
        inMemory -= 1;
      };
      return { ...prepared, picture: () => ({ ...prepared.picture(), width: Number(jpeg) }), done: letGo };
    },
    async find({ picture }) {
      const { width: seq } = picture();
      await find(seq);
      done.push(`find ${seq}`);
      return found;
    },
  };
  const metrics = { time: <Result>(_stage: string, work: () => Promise<Result>) => work(), took: () => undefined };
  const attempts = createAttempts({
    attemptsMax: 5,
    wentWell: createWentWell(),
    tell: () => undefined,
    onRetry: () => undefined,
  });
  const takeTurns = createTakeTurns({
    fetchPicture: async (frame) => {
      if (fetchFails(frame.seq)) throw new Outage('the blob store', 'is away');
      return readPicture(blobs, frame);
    },
    eyes,
    options: { lane: 'live', grid: smallGrid },
    room: pLimit(places),
    metrics,
  });
  return {
    take: () => takeTurns(turns, { sceneOf, attempts }),
    done,
    inMemory: () => inMemory,
    inMemoryMax: () => inMemoryMax,
  };
}

interface SetUp {
  readonly find: (seq: number) => Promise<void>;
  readonly fetchFails: (seq: number) => boolean;
  readonly sceneOf: (deviceId: string) => Scene;
  readonly places: number;
}

test('the turns of a device are taken in order, however long each takes', async () => {
  const { take, done } = await setUp(['a', 'a', 'a', 'a'], { find: (seq) => sleep(seq === 0 ? 30 : 0) });
  const { told } = await take();
  expect(done.filter((one) => one.startsWith('find'))).toEqual(['find 0', 'find 1', 'find 2', 'find 3']);
  expect(told.map((outputs) => outputs.map((output) => 'observation' in output && output.observation.seq))).toEqual([
    [0],
    [1],
    [2],
    [3],
  ]);
});

test('a device that takes long does not hold up the others of its batch', async () => {
  let letGo = () => {};
  const slow = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { take, done } = await setUp(['a', 'b', 'c', 'b'], { find: (seq) => (seq === 0 ? slow : Promise.resolve()) });
  const taken = take();
  await expect.poll(() => done).toContain('find 3');
  expect(done).not.toContain('find 0');
  letGo();
  expect((await taken).scenes.size).toBe(3);
});

test('of one batch three pictures are in memory at most, and of all no more than there is room for', async () => {
  for (const places of [8, 2]) {
    const devices = Array.from({ length: 30 }, (_, at) => `camera-${at % 7}`);
    const { take, inMemoryMax } = await setUp(devices, { find: () => sleep(1), places });
    await take();
    expect(inMemoryMax()).toBe(Math.min(places, 3));
  }
});

test('where a frame fails, no later one of its device is stepped, and those of others are', async () => {
  const { take, done, inMemory } = await setUp(['a', 'b', 'a', 'b', 'a'], {
    find: async (seq) => {
      await sleep(seq === 1 ? 20 : 0);
      if (seq === 0) throw new Error('the detector has no idea');
    },
  });
  const { unfinished, failed, told } = await take();
  expect(done.filter((one) => one.startsWith('find'))).toEqual(['find 1', 'find 3']);
  expect(done).not.toContain('see 4');
  expect([...unfinished]).toEqual(['a']);
  expect(failed.map(({ frame, failure }) => [frame.seq, failure.stage, failure.code])).toEqual([
    [0, 'look', 'detector-failed'],
  ]);
  expect(told.map((outputs) => outputs.length)).toEqual([0, 1, 0, 1, 0]);
  expect(inMemory()).toBe(0);
});

test('the pictures behind one that cannot be fetched tell whether others can be, though they are not stepped', async () => {
  // One place: nothing is fetched beside it.
  const { take, done } = await setUp(['a', 'a', 'a'], { fetchFails: (seq) => seq === 0, places: 1 });
  const { unfinished } = await take();
  expect(done).toEqual(['see 1']);
  expect([...unfinished]).toEqual(['a']);
});

test('a store that is away is not asked for every picture', async () => {
  const devices = Array.from({ length: 50 }, (_, at) => `camera-${at}`);
  const asked: number[] = [];
  const { take } = await setUp(devices, { fetchFails: (seq) => asked.push(seq) > 0 });
  const { unfinished, failed } = await take();
  expect(asked.length).toBeLessThan(6);
  expect(failed).toHaveLength(asked.length);
  expect(unfinished.size).toBe(devices.length);
});

test('what is no matter of a frame stops the batch, when those under way are done', async () => {
  const { take, done, inMemory } = await setUp(['a', 'b', 'c', 'a', 'b'], {
    sceneOf: (deviceId) => {
      if (deviceId === 'a') throw new TypeError('a mistake');
      return newScene;
    },
  });
  await expect(take()).rejects.toThrow('a mistake');
  expect(done).not.toContain('see 4');
  expect(inMemory()).toBe(0);
});
