import { hash } from 'node:crypto';
import pino from 'pino';
import { Registry } from 'prom-client';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import type { Detector } from '../ports/detector/detector.ts';
import { createMemoryLog } from '../ports/log/memory.ts';
import { fixedCodec } from '../schemas/codec.ts';
import type { Lane } from '../schemas/types.ts';
import { firstAtMs, frameOf, recordOf } from './frames-under-test.ts';
import { areRead, readTopic } from './lane-under-test.ts';
import { runProcessor } from './processor.ts';

/** By its width a picture is known to the detector. */
const widthOf: Readonly<Record<Lane, number>> = { live: 64, backlog: 80 };

const lateCount = 12;
const liveCount = 3;

test('of many late frames one is looked at at a time, so that live ones find room', async () => {
  const clock = createManualClock(firstAtMs);
  const log = createMemoryLog({ partitionCount: 2, clock, compacted: ['tracker-state'] });
  const blobs = createMemoryBlobs({ clock });
  const send = async (lane: Lane, count: number) => {
    const blobKey = `images/${lane}.jpg`;
    const create = { width: widthOf[lane], height: 48, channels: 3, background: '#555' } as const;
    const jpeg = await sharp({ create }).jpeg().toBuffer();
    await blobs.put(blobKey, jpeg);
    const stored = { size_bytes: jpeg.length, sha256: hash('sha256', jpeg, 'buffer') };
    const frames = Array.from({ length: count }, (_, at) => ({
      // Each of a device of its own, which nobody else of them has to wait for.
      ...frameOf({ device: `${lane}-${at}`, seq: 0, atMs: 0, lane, blobKey }),
      ...stored,
    }));
    await log.append(
      lane === 'live' ? 'frames' : 'backlog',
      frames.map((frame) => recordOf(frame)),
    );
  };

  const { detector, looks, letGo } = createSlowDetector();
  const stop = new AbortController();
  const config = {
    PROCESSOR_BATCH: 100,
    PROCESSOR_DEVICE_BATCH: 100,
    PROCESSOR_CYCLE_S: 0,
    PROCESSOR_ATTEMPTS: 5,
    PROCESSOR_FLOOD: 'stop' as const,
    DECODERS_MAX: 1 + liveCount,
  };
  const logger = pino({ level: 'silent' });
  const metrics = new Registry();
  const running = runProcessor(
    { log, blobs, detector, codec: fixedCodec, clock, logger, metrics, config },
    stop.signal,
  );
  const patient = { timeout: 10_000 };

  await send('backlog', lateCount);
  await expect.poll(() => looks.now.backlog, patient).toBe(1);
  await send('live', liveCount);
  await expect.poll(() => looks.now, patient).toEqual({ live: liveCount, backlog: 1 });
  letGo();
  const subscriptions = [
    { topic: 'frames', group: 'processor-live' },
    { topic: 'backlog', group: 'processor-backlog' },
  ];
  await expect.poll(() => areRead(log, subscriptions), patient).toBe(true);
  stop.abort();
  await running;
  expect(looks.most).toEqual({ live: liveCount, backlog: 1 });
  expect(await readTopic(log, 'observations')).toHaveLength(lateCount + liveCount);
});

/** It has looked at no picture until it is let go. */
function createSlowDetector() {
  const looks = { now: { live: 0, backlog: 0 }, most: { live: 0, backlog: 0 } };
  let letGo = () => {};
  const isLetGo = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const detector: Detector = {
    model: 'slow@1',
    people: { sure: 0.5, faint: 0.4 },
    fit: (original) => original,
    async detect({ original }) {
      const lane = original.width === widthOf.live ? 'live' : 'backlog';
      looks.now[lane] += 1;
      looks.most[lane] = Math.max(looks.most[lane], looks.now[lane]);
      await isLetGo;
      looks.now[lane] -= 1;
      return [];
    },
  };
  return { detector, looks, letGo: () => letGo() };
}
