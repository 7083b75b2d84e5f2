import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import type { LogRecord } from '../ports/log/log.ts';
import { fixedCodec } from '../schemas/codec.ts';
import { frameOf, type Place, recordOf } from './frames-under-test.ts';
import {
  areRead,
  configurationOf,
  createWorld,
  failing,
  jpegOf,
  type LaneSubscription,
  readTopic,
  runLanes,
  toldIn,
  type World,
  watched,
} from './lane-under-test.ts';

/**
 * Three devices, both lanes, configurations among their frames, and all that can go wrong: second copies of records, restarts, a blob store that comes
 * and goes, death between a step and its commit, pictures and records that are none; and so little of a device is taken
 * at once that there is always something put off. What is told in the end is what an undisturbed run over the same frames
 * tells. One seed again: `SEED=7 npx vitest run processor/run-partition`.
 */
const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 12 }, (_, at) => at + 1);

interface Sent {
  readonly topic: 'frames' | 'backlog';
  readonly record: LogRecord;
  readonly blobKey: string;
  /** Null where the picture is missing, and where there is none to be. */
  readonly jpeg: Buffer | null;
  /** Bytes that are no record have no identity by which a second copy could be told. */
  readonly canRepeat: boolean;
}

const places: readonly [Place, ...Place[]] = [0, 1, 2, 3];
const jpegs = new Map<Place, Buffer>();

beforeAll(async () => {
  for (const place of places) jpegs.set(place, await jpegOf(place));
});

describe('whatever happens, the same is told', () => {
  test.concurrent.each(seeds)('seed %d', async (seed) => {
    const sent = planSent(createRandom(seed, 'frames'));
    const calm = createWorld();
    await append(calm, sent);
    await runLanes(calm.log, [calm.lane({ batchRecordsMax: 1_000 }), calm.lane({ lane: 'backlog' })]);
    const expected = { told: await toldIn(calm.log), dead: await deadIn(calm) };
    expect(expected.told.size).toBeGreaterThan(6);
    expect(expected.dead.length).toBeGreaterThan(0);

    const world = createWorld({ partitionCount: 1 + (seed % 2) });
    const hardships = await live(world, sent, seed);
    expect(hardships.restarts, 'restarts').toBeGreaterThan(2);
    expect(hardships.troubles, 'troubles').toBeGreaterThan(2);
    expect(hardships.takenAhead, 'batches that took something behind what they put off').toBeGreaterThan(0);
    expect({ told: await toldIn(world.log), dead: await deadIn(world) }).toEqual(expected);
  });
});

/** One life after another until all is sent and read; each ends by a restart, and some of them badly. */
async function live(world: World, sent: readonly Sent[], seed: number) {
  const random = createRandom(seed, 'lives');
  const outages = createChances(seed, 'outage', 0.1);
  const deaths = createChances(seed, 'death', 0.16);
  const blobs = failing(world.blobs, outages);
  let waiting = withCopies(sent, random);
  let restarts = 0;
  let troubles = 0;
  let takenAhead = 0;
  let lanes: readonly LaneSubscription[] = [];
  while (waiting.length > 0 || !(await areRead(world.log, lanes))) {
    const stop = new AbortController();
    const stepsMax = Math.ceil(random.between(0, 8));
    let steps = 0;
    lanes = (['live', 'backlog'] as const).map((lane) => {
      const batchRecordsMax = Math.ceil(random.between(0, 9));
      const deviceRecordsMax = Math.ceil(random.between(0, 3));
      const windowRecordsMax = Math.ceil(random.between(0, 20));
      const limits = { batchRecordsMax, deviceRecordsMax, windowRecordsMax };
      const onTrouble = () => {
        troubles += 1;
        // The pause after a trouble is long, so most of the time somebody restarts the process meanwhile.
        if (random.chance(0.9)) stop.abort();
      };
      return watched(world.lane({ lane, ...limits, blobs, onTrouble }), ({ partition, records }, putOff) => {
        steps += 1;
        if (steps >= stepsMax) stop.abort();
        if (deaths(`${lane}/${partition}`)) throw new Error('killed before the commit');
        const [first] = putOff;
        if (first && records.some((one) => one.offset > first.offset && !putOff.includes(one))) takenAhead += 1;
      });
    });
    const count = Math.ceil(random.between(0, 15));
    const [now, later] = [waiting.slice(0, count), waiting.slice(count)];
    // Half of it before the life begins, half while it is under way.
    await append(world, now.slice(0, count / 2));
    const running = runLanes(world.log, lanes, stop);
    await append(world, now.slice(count / 2));
    await running;
    waiting = later;
    restarts += 1;
  }
  return { restarts, troubles, takenAhead };
}

/** Some are sent again, at once or after others, with another trace: as a retry does whose first try was completed. */
function withCopies(sent: readonly Sent[], random: Random): readonly Sent[] {
  const placed = sent.flatMap((one, at) => {
    const copy = { ...one, record: { ...one.record, headers: { traceparent: 'a retry' } } };
    const again = one.canRepeat && random.chance(0.25);
    return again
      ? [
          { one, at },
          { one: copy, at: at + random.between(0, 30) },
        ]
      : [{ one, at }];
  });
  return placed.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

function planSent(random: Random): readonly Sent[] {
  const devices = ['camera-1', 'camera-2', 'camera-3'].map((device) => ({
    device,
    seq: 0,
    atMs: 0,
    place: 0 as Place,
    version: 0,
  }));
  return Array.from({ length: 120 }, () => {
    const state = devices[Math.floor(random.between(0, 3))] ?? devices[0];
    if (!state) throw new Error('there are devices');
    const { device } = state;
    if (random.chance(0.08)) {
      state.version += 1;
      const settings = {
        device: { paused: random.chance(0.3) },
        thresholds: { motion_score: random.pick([0.004, 0.2]) },
        events: { motion: random.chance(0.7) },
      };
      const topic = random.chance(0.5) ? 'frames' : 'backlog';
      const record = configurationOf(device, state.version, settings);
      return { topic, record, blobKey: '', jpeg: null, canRepeat: true };
    }
    state.seq += random.chance(0.1) ? 5 : 1;
    state.atMs += random.chance(0.1) ? 2_500 : random.chance(0.05) ? -300 : 200;
    if (random.chance(0.5)) state.place = random.pick(places);
    const lane = random.chance(0.2) ? 'backlog' : 'live';
    const topic = lane === 'live' ? 'frames' : 'backlog';
    const blobKey = `images/${device}/${state.seq}.jpg`;
    const frame = frameOf({ device, seq: state.seq, atMs: Math.max(0, state.atMs), lane, blobKey });
    const whole = jpegs.get(state.place) ?? null;
    if (random.chance(0.04)) {
      const record = { key: device, value: fixedCodec.encode('frame', frame).subarray(0, 30) };
      return { topic, record, blobKey, jpeg: whole, canRepeat: false };
    }
    const jpeg = random.chance(0.04) ? null : random.chance(0.04) ? (whole?.subarray(0, 90) ?? null) : whole;
    return { topic, record: recordOf(frame, { traceparent: blobKey }), blobKey, jpeg, canRepeat: true };
  });
}

async function append(world: World, sent: readonly Sent[]): Promise<void> {
  for (const { topic, record, blobKey, jpeg } of sent) {
    if (jpeg) await world.blobs.put(blobKey, jpeg);
    await world.log.append(topic, [record]);
  }
}

/** By what they hold: where a record lies in the log, and so a letter's id, is another with copies before it. */
async function deadIn(world: World): Promise<readonly string[]> {
  return (await readTopic(world.log, 'dead-letters'))
    .map(({ value, headers }) => {
      if (!('original_value' in value)) throw new Error('not a dead letter');
      const { code, message, device_id, frame_id, topic, original_value } = value;
      const bytes = original_value?.toString('hex');
      return [topic, code, message, device_id, frame_id, bytes, headers?.traceparent].join(' ');
    })
    .sort();
}

/** Whether something goes wrong at its nth time follows from the seed alone, whatever else is under way. */
function createChances(seed: number, what: string, probability: number): (name: string) => boolean {
  const times = new Map<string, number>();
  return (name) => {
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return createRandom(seed, what, name, time).chance(probability);
  };
}
