import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import sharp from 'sharp';
import { migrations, runAggregator } from '../aggregator/aggregator.ts';
import type { Blobs } from '../ports/blobs/blobs.ts';
import { createManualClock, type ManualClock } from '../ports/clock/manual.ts';
import type { Log } from '../ports/log/log.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { frameId } from '../schemas/identity.ts';
import { event, frame, NOW_MS, observation } from '../schemas/records-under-test.ts';
import { DRAWABLE } from '../schemas/snapshot-config.ts';
import { logTopics, type TopicName } from '../schemas/topics.ts';
import type { Event, Frame, Observation } from '../schemas/types.ts';
import type { SnapshotsConfig } from './config.ts';
import { runSnapshots } from './snapshots.ts';

type Outcomes = Readonly<Record<string, number>>;

interface RunOptions {
  readonly log?: Log;
  readonly blobs?: Blobs;
  readonly store?: Store;
  readonly config?: Partial<SnapshotsConfig>;
  readonly logger?: Logger;
}

/** What the processor tells of a frame. */
export type Seen = { readonly score?: number; readonly objects?: Observation['objects'] } | 'nothing yet';

export interface SnapshotsRig {
  readonly services: ServicesUnderTest;
  readonly log: Log;
  readonly clock: ManualClock;
  readonly blobs: Blobs;
  readonly store: Store;
  /** A frame as ingest and the processor leave it: its picture stored, and what there is to say of it in the log. */
  addFrame(device: string, change?: Partial<Frame>, seen?: Seen): Promise<void>;
  addEvent(device: string, change?: Partial<Event>): Promise<void>;
  addBytes(bytes: Buffer): Promise<void>;
  /** Until the aggregator has made rows of all there is. */
  aggregate(): Promise<void>;
  /** Runs the service until the function it answers is called, which tells what became of how many events. */
  start(options?: RunOptions): () => Promise<Outcomes>;
  /** Whether every event is dealt with. */
  isDone(): Promise<boolean>;
  /** Runs the service for as long as there is something to do. */
  drain(options?: RunOptions): Promise<Outcomes>;
  /** The names of a device's snapshots. */
  namesOf(device: string): Promise<readonly string[]>;
}

/** What the column keeps of it is not quite this. */
export const PEAK_SCORE = 0.1 + 0.2;
const AGGREGATED: readonly TopicName[] = ['frames', 'observations', 'events'];
const logger = pino({ level: 'silent' });

/** The real database, log and files of the embedded profile, and the service on them. */
export async function startSnapshotsRig(): Promise<SnapshotsRig> {
  const services = await startServices({ migrations, topics: logTopics, partitionCount: 1 });
  const clock = createManualClock(NOW_MS);
  const log = await services.openLog(clock);
  const blobs = services.openBlobs();
  const snapshotsStore = services.openStore('snapshots');
  const aggregatorStore = services.openStore('aggregator');

  const isRead = async (topic: TopicName, group: string) =>
    (await log.lag(topic, group)).every(({ records }) => records === 0n);
  const append = (topic: TopicName, value: Buffer) => log.append(topic, [{ key: 'device', value }]);

  const rig: SnapshotsRig = {
    services,
    log,
    clock,
    blobs,
    store: snapshotsStore,

    async addFrame(device, change, seen) {
      const taken = frameOf(device, change);
      await blobs.put(taken.blob_key, await pictureOf(taken));
      await append('frames', fixedCodec.encode('frame', taken));
      if (seen !== 'nothing yet') {
        await append('observations', fixedCodec.encode('observation', observationOf(taken, seen)));
      }
    },

    addEvent: (device, change) => append('events', fixedCodec.encode('event', motionOf(device, change))),
    addBytes: (bytes) => append('events', bytes),

    async aggregate() {
      const stop = new AbortController();
      const dependencies = { log, store: aggregatorStore, clock, codec: fixedCodec, logger, metrics: new Registry() };
      const running = runAggregator({ ...dependencies, config: { AGGREGATOR_BATCH: 100 } }, stop.signal);
      await until(async () => {
        const read = await Promise.all(AGGREGATED.map((topic) => isRead(topic, 'aggregator')));
        return read.every(Boolean);
      });
      stop.abort();
      await running;
    },

    start(options = {}) {
      const metrics = new Registry();
      const stop = new AbortController();
      const config = {
        ...{ SNAPSHOTS_BATCH: 20, DRAWINGS_MAX: 2 },
        ...{ ENABLE_SNAPSHOTS: true, SNAPSHOT_TYPES: DRAWABLE.join(','), SNAPSHOTS_BLUR_PEOPLE: false },
        ...options.config,
      };
      const dependencies = { log, blobs, store: snapshotsStore, codec: fixedCodec, clock, logger, metrics };
      const running = runSnapshots({ ...dependencies, ...options, config }, stop.signal);
      return async () => {
        stop.abort();
        await running;
        const counted = await metrics.getSingleMetric('passerby_snapshots_total')?.get();
        return Object.fromEntries(counted?.values.map(({ labels, value }) => [labels.outcome, value]) ?? []);
      };
    },

    isDone: () => isRead('events', 'snapshots'),

    async drain(options) {
      const stop = rig.start(options);
      await until(rig.isDone);
      return stop();
    },

    async namesOf(device) {
      const names: string[] = [];
      for await (const key of blobs.list(`snapshots/${device}/`)) names.push(key.slice(`snapshots/${device}/`.length));
      return names;
    },
  };
  return rig;
}

/** Waits for what another part is about to do; a test that waits in vain says so. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_500; tries++) {
    if (await done()) return;
    await sleep(10);
  }
  throw new Error('it did not come to it in 15 s');
}

/** A device's first frame, taken at the hour. */
function frameOf(device: string, change: Partial<Frame> = {}): Frame {
  const blob_key = `images/${device}/1.jpg`;
  const first = { device_id: device, frame_id: frameId(device, 0, 1), blob_key, captured_at: NOW_MS };
  return frame(1, { ...first, ...change });
}

/** A motion that began with that frame, and is over. */
function motionOf(device: string, change: Partial<Event> = {}): Event {
  const boxes = [{ x: 0.5, y: 0.5, width: 0.25, height: 0.25 }];
  return event(device, {
    device_id: device,
    version: 2,
    ended_at: NOW_MS + 3_000,
    frame_id: frameId(device, 0, 1),
    payload: { kind: 'Motion', score: 0.2, peak_score: PEAK_SCORE, frames: 4, boxes },
    ...change,
  });
}

function observationOf(
  { frame_id, device_id, epoch, seq, captured_at, lane }: Frame,
  { score = PEAK_SCORE, objects = [] }: Exclude<Seen, string> = {},
): Observation {
  const of = { frame_id, device_id, epoch, captured_at, lane };
  return observation(seq, { ...of, width: 160, height: 120, motion: { score, boxes: [] }, objects });
}

/** Each frame is of a grey of its own. */
function pictureOf({ seq }: Frame): Promise<Buffer> {
  const grey = 100 + seq * 20;
  const background = { r: grey, g: grey, b: grey };
  return sharp({ create: { width: 160, height: 120, channels: 3, background } })
    .jpeg()
    .toBuffer();
}
