import { expect, test } from 'vitest';
import { createAcceptFrame } from '../ingest/accept-frame.ts';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import type { Log } from '../ports/log/log.ts';
import { firstAtMs, frameOf, type Place } from '../processor/frames-under-test.ts';
import { createWorld, jpegOf, recordOf } from '../processor/lane-under-test.ts';
import { fixedCodec } from '../schemas/codec.ts';
import type { Lane } from '../schemas/types.ts';
import { writers } from '../schemas/writers.ts';

const of = (wanted: string) => writers.filter(({ service }) => service === wanted).map(({ topic }) => topic);

test('ingest writes the topics that it is said to write', async () => {
  const appended: string[] = [];
  const log = { append: async (topic: string) => void appended.push(topic) } as Partial<Log> as Log;
  const clock = createManualClock(firstAtMs);
  for (const lane of ['live', 'backlog'] satisfies Lane[]) {
    const claims = {
      claim: async () => ({
        outcome: 'claimed' as const,
        seq: 1,
        lane,
        capturedAtMs: firstAtMs,
        timeQuality: 'device' as const,
        receivedAtMs: firstAtMs,
      }),
      confirm: async () => undefined,
    };
    const acceptFrame = createAcceptFrame({
      claims,
      blobs: createMemoryBlobs({ clock }),
      log,
      clock,
      codec: fixedCodec,
    });
    const jpeg = Buffer.from([0xff, 0xd8, 0xff]);
    await acceptFrame({ deviceId: 'camera-1', statedMs: firstAtMs, jpeg, source: 'upload', traceparent: '' });
  }
  expect(appended).toEqual(of('ingest'));
});

test('the processor writes the topics that it is said to write', async () => {
  const world = createWorld();
  const places: readonly Place[] = [0, 0, 1, 2, 3];
  const records = await Promise.all(
    places.map(async (place, at) => {
      const frame = frameOf({ seq: at, atMs: at * 200 });
      await world.blobs.put(frame.blob_key, await jpegOf(place));
      return { ...recordOf(frame), offset: BigInt(at), appendedAtMs: firstAtMs };
    }),
  );
  const poison = { key: 'camera-1', value: Buffer.from('poison'), offset: 9n, appendedAtMs: firstAtMs };
  const lane = world.lane();
  const { state } = await lane.open({ partition: 0, committed: 0n }, (async function* () {})());
  const { outputs } = await lane.step(state, { partition: 0, records: [...records, poison] });
  expect([...new Set(outputs.map(({ topic }) => topic))].sort()).toEqual([...of('processor')].sort());
});
