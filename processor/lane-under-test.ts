import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Registry } from 'prom-client';
import sharp from 'sharp';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { createMemoryBlobs } from '../ports/blobs/memory.ts';
import { createManualClock } from '../ports/clock/manual.ts';
import { brightnessDetector } from '../ports/detector/brightness-under-test.ts';
import { Outage } from '../ports/errors.ts';
import type { Batch, Log, LogRecord, StoredRecord, Subscription, Trouble } from '../ports/log/log.ts';
import { createMemoryLog } from '../ports/log/memory.ts';
import { type Decoded, fixedCodec } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';
import type { Lane } from '../schemas/types.ts';
import { createWentWell, type WentWell } from './attempts.ts';
import { createEyes } from './eyes.ts';
import { readPicture } from './fetch-picture.ts';
import { firstAtMs, greyOf, type Place, smallGrid } from './frames-under-test.ts';
import { createProcessorMetrics } from './metrics.ts';
import { type LaneDependencies, processLane } from './run-partition.ts';
import { createTakeTurns } from './take-turns.ts';
import { createTellAttempt } from './tell-attempt.ts';

/** A log and a blob store in memory, and lanes over them with the real decoder. */
export interface World {
  readonly log: Log;
  readonly blobs: Blobs;
  readonly metrics: Registry;
  /** What the lanes that were given no other ear have complained of. */
  readonly troubles: readonly Trouble[];
  /** What they have logged of each frame. */
  readonly lines: readonly object[];
  lane(options?: LaneOptions): LaneSubscription;
}

export interface LaneOptions {
  readonly lane?: Lane;
  readonly batchRecordsMax?: number;
  readonly deviceRecordsMax?: number;
  readonly windowRecordsMax?: number;
  readonly blobs?: Blobs;
  readonly attempts?: Partial<LaneDependencies['attempts']>;
  readonly wentWell?: WentWell;
  readonly flood?: LaneDependencies['flood'];
  readonly tracing?: NonNullable<LaneDependencies['tracing']>;
  readonly ticks?: LaneDependencies['ticks'];
  onTrouble?(trouble: Trouble): void;
}

export type LaneSubscription = ReturnType<typeof processLane>;

export function createWorld({ partitionCount = 2 }: { readonly partitionCount?: number } = {}): World {
  const clock = createManualClock(firstAtMs);
  const log = createMemoryLog({ partitionCount, clock, compacted: ['tracker-state'] });
  const blobs = createMemoryBlobs({ clock });
  const registry = new Registry();
  const metrics = createProcessorMetrics(registry);
  const troubles: Trouble[] = [];
  const lines: object[] = [];
  const { columns: width, rows: height } = smallGrid;
  const eyes = createEyes({ detector: brightnessDetector, greySize: { width, height }, metrics });
  const limit = pLimit(4);
  const logger = { debug: (line: object) => lines.push(line), warn: () => undefined };
  const shared = {
    codec: fixedCodec,
    metrics,
    logger: { ...logger, error: (line: object) => lines.push(line) },
  };
  const allWentWell = createWentWell();
  const tell = createTellAttempt({ log, codec: fixedCodec, clock, logger });
  return {
    log,
    blobs,
    metrics: registry,
    troubles,
    lines,
    lane: ({ blobs: seenBlobs = blobs, lane = 'live', attempts, wentWell = allWentWell, ...options } = {}) =>
      processLane({
        ...shared,
        takeTurns: createTakeTurns({
          fetchPicture: (frame) => readPicture(seenBlobs, frame),
          eyes,
          options: { lane, grid: smallGrid },
          room: limit,
          metrics,
        }),
        lane,
        attempts: { attemptsMax: 5, wentWell, tell, backoff: { firstMs: 2, mostMs: 20 }, ...attempts },
        flood: 'stop',
        ticks: { watch: () => undefined, forget: () => undefined },
        batchRecordsMax: 100,
        deviceRecordsMax: 100,
        windowRecordsMax: 10_000,
        batchEveryMs: 0,
        onTrouble: (trouble) => troubles.push(trouble),
        ...options,
      }),
  };
}

/** What a device sees, as a camera sends it: each cell of the small picture is one block of the JPEG. */
export async function jpegOf(place: Place): Promise<Buffer> {
  const { columns, rows } = smallGrid;
  return await sharp(greyOf(place), { raw: { width: columns, height: rows, channels: 1 } })
    .resize(columns * 8, rows * 8, { kernel: 'nearest' })
    .jpeg()
    .toBuffer();
}

/** The settings of a device from here on, as the console writes them among its frames. */
export function configurationOf(device: string, version: number, settings: object): LogRecord {
  const control = {
    control_id: derivedId('configuration', device, version),
    device_id: device,
    issued_at: firstAtMs,
    body: { kind: 'ConfigurationControl', version, settings_json: JSON.stringify(settings) } as const,
  };
  return { key: device, value: fixedCodec.encode('control', control) };
}

/** Runs the lanes until they have read all there is, or one stops them. */
export async function runLanes(
  log: Log,
  lanes: readonly LaneSubscription[],
  stop: AbortController = new AbortController(),
): Promise<void> {
  const running = Promise.all(lanes.map((lane) => log.consume(lane, stop.signal)));
  const deadlineMs = performance.now() + 15_000;
  while (!stop.signal.aborted && !(await areRead(log, lanes))) {
    if (performance.now() > deadlineMs) stop.abort();
    else await sleep(1);
  }
  stop.abort();
  await running;
  if (performance.now() > deadlineMs) throw new Error('the lanes did not get through in 15 s');
}

export async function areRead(log: Log, lanes: readonly Pick<LaneSubscription, 'topic' | 'group'>[]): Promise<boolean> {
  const lags = await Promise.all(lanes.map(({ topic, group }) => log.lag(topic, group)));
  return lags.flat().every(({ records }) => records === 0n);
}

export type ReadRecord = Decoded & Pick<StoredRecord, 'key' | 'headers'> & { readonly bytes: Buffer };

let readers = 0;

/** All of a topic: the records of each device in their order. */
export async function readTopic(log: Log, topic: string): Promise<readonly ReadRecord[]> {
  const read: ReadRecord[] = [];
  readers += 1;
  const reader: Subscription<undefined> = {
    topic,
    group: `reader-${readers}`,
    batchRecordsMax: 1_000,
    open: async () => ({ state: undefined }),
    step: async (state, { records }) => {
      for (const { key, value, headers } of records) {
        if (value) read.push({ ...fixedCodec.decode(value), key, bytes: value, ...(headers && { headers }) });
      }
      return { state, outputs: [] };
    },
  };
  const stop = new AbortController();
  const running = log.consume(reader, stop.signal);
  while ((await log.lag(topic, reader.group)).some(({ records }) => records > 0n)) await sleep(1);
  stop.abort();
  await running;
  return read;
}

/** What the lanes have told, device by device and lane by lane, in their order and to the byte. */
export async function toldIn(log: Log): Promise<ReadonlyMap<string, readonly string[]>> {
  const told = new Map<string, string[]>();
  for (const topic of ['observations', 'events']) {
    for (const { name, value, key, bytes } of await readTopic(log, topic)) {
      if (name === 'attempt') continue;
      if (name !== 'observation' && name !== 'event') throw new Error(`${topic} holds a ${name}`);
      const place = `${topic} of ${key}, ${value.lane}`;
      told.set(place, [...(told.get(place) ?? []), bytes.toString('hex')]);
    }
  }
  return new Map([...told].sort());
}

/** A blob store that does not answer as often as it is told not to. */
export function failing(blobs: Blobs, fails: (key: string) => boolean): Blobs {
  return {
    ...blobs,
    get: async (key) => {
      if (fails(key)) throw new Outage('the blob store', 'does not answer');
      return blobs.get(key);
    },
  };
}

/** Told of each batch that was stepped, before it is committed; to throw there is to die there. */
export function watched(
  lane: LaneSubscription,
  onStepped: (batch: Batch, putOff: readonly StoredRecord[]) => void,
): LaneSubscription {
  return {
    ...lane,
    step: async (state, batch) => {
      const stepped = await lane.step(state, batch);
      onStepped(batch, stepped.putOff ?? []);
      return stepped;
    },
  };
}
