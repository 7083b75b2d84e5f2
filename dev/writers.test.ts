import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createDeviceWatch } from '../aggregator/watch-devices.ts';
import { createLetterActions } from '../console/letter-actions.ts';
import { createConfigPublisher } from '../console/publish-configs.ts';
import { createAcceptFrame } from '../ingest/accept-frame.ts';
import { createAcceptHeartbeat } from '../ingest/accept-heartbeat.ts';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import type { Log } from '../ports/log/log.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { continueTrace } from '../ports/tracing/trace.ts';
import { firstAtMs, frameOf, type Place, recordOf } from '../processor/frames-under-test.ts';
import { createWorld, jpegOf } from '../processor/lane-under-test.ts';
import { silenceOf } from '../processor/state.ts';
import { createTicks } from '../processor/ticks.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';
import { readers } from '../schemas/readers.ts';
import type { Lane } from '../schemas/types.ts';
import { writers } from '../schemas/writers.ts';

/** Answers each statement with one row. */
function storeOf(row: object): Store {
  const run: Queryable['run'] = async <Row extends object>() => [row as Row];
  return { run, transaction: (work) => work({ run }), check: async () => undefined, close: async () => undefined };
}

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
      isKnown: async () => true,
    };
    const acceptFrame = createAcceptFrame({
      claims,
      blobs: createMemoryBlobs({ clock }),
      log,
      clock,
      codec: fixedCodec,
    });
    const jpeg = Buffer.from([0xff, 0xd8, 0xff]);
    await acceptFrame({
      deviceId: 'camera-1',
      identity: null,
      time: { statedMs: firstAtMs },
      jpeg,
      blob: { stem: 'images/camera-1/1' },
      source: 'upload',
      trace: continueTrace(undefined),
    });
  }
  const config = { HEARTBEAT_INTERVAL_S: 60 };
  const store = storeOf({ heartbeat_interval_s: 60 });
  const acceptHeartbeat = createAcceptHeartbeat({ store, log, clock, codec: fixedCodec, config });
  await acceptHeartbeat({ deviceId: 'camera-1', epoch: 1, body: {}, trace: continueTrace(undefined) });
  expect(appended).toEqual(of('ingest'));
});

test('the aggregator writes the topics that it is said to write', async () => {
  const appended: string[] = [];
  const log = { append: async (topic: string) => void appended.push(topic) } as Partial<Log> as Log;
  const silence = { id: 'camera-1', silent_after: null, silent_since: new Date(0), silence_told: false };
  const watch = createDeviceWatch({
    log,
    store: storeOf({ ...silence, heard_again_at: new Date(1), taken: true, age_s: 1, offline: true }),
    clock: createManualClock(firstAtMs),
    codec: fixedCodec,
    metrics: new Registry(),
    config: { HEARTBEAT_INTERVAL_S: 60 },
  });
  await watch.look();
  expect(appended).toEqual(of('aggregator'));
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
  const appended: string[] = [];
  const log = { append: async (topic: string) => void appended.push(topic) };
  const clock = createManualClock(firstAtMs);
  const logger = { debug: () => undefined, warn: () => undefined, error: () => undefined };
  for (const name of ['live', 'backlog'] satisfies Lane[]) {
    const lane = world.lane({ lane: name });
    const { state } = await lane.open({ partition: 0, committed: 0n }, (async function* () {})());
    const { outputs, state: next } = await lane.step(state, {
      partition: 0,
      records: [...records, poison],
      readTo: 100n,
    });
    appended.push(...outputs.map(({ topic }) => topic));
    // What it has not seen the end of, it asks after once the device is silent.
    const times = { clock, monotonicMs: clock.nowMs, lookEveryMs: 1 };
    const ticks = createTicks({ log, codec: fixedCodec, topic: lane.topic, silenceOf, logger, ...times });
    ticks.watch(0, next.devices);
    clock.advance(60_000);
    const stop = new AbortController();
    const running = ticks.run(stop.signal);
    await expect.poll(() => appended).toContain(lane.topic);
    stop.abort();
    await running;
  }
  expect([...new Set(appended)].sort()).toEqual([...of('processor')].sort());
});

test('the console writes the topics that it is said to write', async () => {
  const appended: string[] = [];
  const log = { append: async (topic: string) => void appended.push(topic) };
  const rows = [{ locked: true }, { version: 1, settings: {}, created_at: new Date(firstAtMs) }];
  // A lock, a row to publish, and that it is published; then neither a lock nor a row.
  const run = (async () => [rows.shift()].filter((row) => row !== undefined)) as Queryable['run'];
  const store = { run, transaction: (work: (transaction: Queryable) => unknown) => work({ run }) } as Store;
  const publisher = createConfigPublisher({ store, log, codec: fixedCodec, clock: createManualClock(firstAtMs) });
  await publisher.publish('camera-1');
  // Records that could not be read come again to where they came from.
  for (const { topic } of readers) {
    const id = derivedId('letter', topic);
    const letter = { id, topic, original_key: 'k', original_value: Buffer.from('x'), attempts: 1, frame_id: null };
    const letterActions = createLetterActions({
      store: storeOf({ ...letter, state: 'open' }),
      log,
      codec: fixedCodec,
      clock: createManualClock(firstAtMs),
    });
    const by = { id, username: 'admin' };
    const wish = { kind: 'redrive', acceptChanged: false, mended: null } as const;
    await letterActions.change(id, wish, { by, scope: { fleetId: null, seesUnowned: true } });
  }
  expect([...new Set(appended)]).toEqual(of('console'));
});
