import { describe, expect, test } from 'vitest';
import { Outage } from '../ports/errors.ts';
import type { LogRecord } from '../ports/log/log.ts';
import { createWentWell } from './attempts.ts';
import { frameOf, recordOf } from './frames-under-test.ts';
import {
  areRead,
  createWorld,
  failing,
  jpegOf,
  type ReadRecord,
  readTopic,
  runLanes,
  toldIn,
  type World,
  watched,
} from './lane-under-test.ts';
import { show, visit } from './visit-under-test.ts';

/** So many frames of each device, in turn, with their pictures. */
async function send(world: World, devices: readonly string[], count: number, fromSeq = 0): Promise<void> {
  const records: LogRecord[] = [];
  for (let seq = fromSeq; seq < fromSeq + count; seq += 1) {
    for (const device of devices) {
      const frame = frameOf({ device, seq, atMs: 200 * seq, blobKey: `images/${device}/${seq}.jpg` });
      await world.blobs.put(frame.blob_key, await jpegOf(seq % 2 === 0 ? 0 : 1));
      records.push(recordOf(frame));
    }
  }
  await world.log.append('frames', records);
}

const seqsOf = (records: readonly ReadRecord[], device: string) =>
  records.flatMap(({ name, value }) => (name === 'observation' && value.device_id === device ? [value.seq] : []));

const attemptsIn = (records: readonly ReadRecord[]) =>
  records.flatMap(({ name, value }) => (name === 'attempt' ? [`${value.seq} ${value.state} ${value.attempts}`] : []));

const patient = { timeout: 10_000 };
const upTo = (count: number) => Array.from({ length: count }, (_, seq) => seq);

async function metric(world: World, name: string): Promise<string> {
  return world.metrics.getSingleMetricAsString(name);
}

describe('one picture that cannot be had', () => {
  test('is tried again, and its device goes on as if nothing had been', async () => {
    const calm = createWorld({ partitionCount: 1 });
    await send(calm, ['camera-1', 'camera-2'], 10);
    await runLanes(calm.log, [calm.lane()]);

    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1', 'camera-2'], 10);
    let times = 3;
    const blobs = failing(world.blobs, (key) => key === 'images/camera-1/4.jpg' && times-- > 0);
    await runLanes(world.log, [world.lane({ blobs })]);
    expect(await toldIn(world.log)).toEqual(await toldIn(calm.log));
    expect(await readTopic(world.log, 'dead-letters')).toEqual([]);
    expect(attemptsIn(await readTopic(world.log, 'observations'))).toEqual([
      '4 failed 1',
      '4 running 2',
      '4 failed 2',
      '4 running 3',
      '4 failed 3',
      '4 running 4',
    ]);
    expect(await metric(world, 'passerby_processor_retries_total')).toContain(
      '{lane="live",code="picture-unavailable"} 3',
    );
    expect(world.troubles).toEqual([]);
  });

  test.each(upTo(30).map((of) => of / 30))(
    'loses nothing if its time comes while it is asked for, %d',
    async (chance) => {
      const world = createWorld({ partitionCount: 1 });
      await send(world, ['camera-1', 'camera-2'], 10);
      let [times, nowMs] = [1, 0];
      const blobs = failing(world.blobs, (key) => key === 'images/camera-1/4.jpg' && times-- > 0);
      const attempts = {
        backoff: { firstMs: 1, mostMs: 20 },
        random: () => chance,
        // Each look at the clock finds it a little later.
        monotonicMs: () => {
          nowMs += 0.01;
          return nowMs;
        },
      };
      await runLanes(world.log, [world.lane({ blobs, attempts })]);
      expect(seqsOf(await readTopic(world.log, 'observations'), 'camera-1')).toEqual(upTo(10));
    },
  );

  test('holds up its device, in its order, and nobody else', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1', 'camera-2', 'camera-3'], 5);
    const stop = new AbortController();
    const blobs = failing(world.blobs, (key) => key === 'images/camera-1/2.jpg');
    const lane = world.lane({ blobs, attempts: { attemptsMax: 100 } });
    const running = runLanes(world.log, [lane], stop);
    const told = async () => readTopic(world.log, 'observations');
    await expect.poll(async () => seqsOf(await told(), 'camera-3'), patient).toEqual(upTo(5));
    // It also comes past what it did before, while the first waits.
    await send(world, ['camera-1', 'camera-2'], 5, 5);
    await expect.poll(async () => seqsOf(await told(), 'camera-2'), patient).toEqual(upTo(10));
    stop.abort();
    await running;
    expect(seqsOf(await told(), 'camera-1')).toEqual([0, 1]);
    expect(await areRead(world.log, [lane])).toBe(false);
    expect(await readTopic(world.log, 'dead-letters')).toEqual([]);

    // The next process takes what waited, and nothing twice.
    await runLanes(world.log, [world.lane()]);
    for (const device of ['camera-1', 'camera-2']) expect(seqsOf(await told(), device), device).toEqual(upTo(10));
    expect(seqsOf(await told(), 'camera-3')).toEqual(upTo(5));
    expect(await metric(world, 'passerby_processor_frames_total')).not.toContain('duplicate');
  });

  test.each([1, 5])('is a dead letter after %d attempts, and its device goes on', async (attemptsMax) => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1', 'camera-2'], 6);
    let asked = 0;
    const blobs = failing(world.blobs, (key) => {
      const isIt = key === 'images/camera-1/2.jpg';
      if (isIt) asked += 1;
      return isIt;
    });
    await runLanes(world.log, [world.lane({ blobs, attempts: { attemptsMax } })]);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => value);
    expect(letters).toMatchObject([{ code: 'picture-unavailable', device_id: 'camera-1', attempts: attemptsMax }]);
    expect(asked).toBe(attemptsMax);
    const told = await readTopic(world.log, 'observations');
    expect(seqsOf(told, 'camera-1')).toEqual([0, 1, 3, 4, 5]);
    expect(seqsOf(told, 'camera-2')).toEqual(upTo(6));
    expect(attemptsIn(told).at(-1)).toBe(`2 failed ${attemptsMax}`);
    expect(await metric(world, 'passerby_processor_given_up_total')).toContain(
      '{lane="live",code="picture-unavailable"} 1',
    );
    expect(world.troubles).toEqual([]);
  });

  test('has failed also by what goes well in another partition while its device waits', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1'], 1);
    const wentWell = createWentWell();
    const blobs = failing(world.blobs, () => true);
    const onTrouble = () => {
      wentWell.fetch = Number.POSITIVE_INFINITY;
    };
    await runLanes(world.log, [world.lane({ blobs, wentWell, attempts: { attemptsMax: 1 }, onTrouble })]);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => value);
    expect(letters).toMatchObject([{ code: 'picture-unavailable', attempts: 1 }]);
    expect(attemptsIn(await readTopic(world.log, 'observations'))).toEqual(['0 failed 1']);
  });

  test('is not alone: each of those in a row has its attempts, and those before and behind are looked at', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1', 'camera-2'], 12);
    const blobs = failing(world.blobs, (key) => /camera-1\/([3-6]|9)\.jpg/.test(key));
    await runLanes(world.log, [world.lane({ blobs, attempts: { attemptsMax: 2 } })]);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => value);
    expect(letters.map((letter) => 'code' in letter && [letter.offset, letter.attempts])).toEqual(
      [3, 4, 5, 6, 9].map((seq) => [2 * seq, 2]),
    );
    expect(seqsOf(await readTopic(world.log, 'observations'), 'camera-1')).toEqual([0, 1, 2, 7, 8, 10, 11]);
  });

  test('is given up for the only device there is, since its next pictures can be had', async () => {
    const world = createWorld();
    await show(world, visit);
    const blobs = failing(world.blobs, (key) => key.endsWith('/400.jpg'));
    await runLanes(world.log, [world.lane({ blobs, attempts: { attemptsMax: 3 } })]);
    expect(seqsOf(await readTopic(world.log, 'observations'), 'camera-1')).toEqual([0, 1, 3, 4, 5, 6]);
    expect(await readTopic(world.log, 'dead-letters')).toHaveLength(1);
  });

  test('is tried as often after a death between its letter and the commit, and told of once', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1', 'camera-2'], 4);
    const blobs = failing(world.blobs, (key) => key === 'images/camera-1/2.jpg');
    let deaths = 0;
    const lane = world.lane({ blobs, attempts: { attemptsMax: 2 } });
    const dying = {
      ...lane,
      step: async (...args: Parameters<typeof lane.step>) => {
        const stepped = await lane.step(...args);
        if (stepped.outputs.some(({ topic }) => topic === 'dead-letters') && deaths < 2) {
          deaths += 1;
          throw new Error('killed before the commit');
        }
        return stepped;
      },
    };
    await runLanes(world.log, [dying]);
    expect(deaths).toBe(2);
    const letters = (await readTopic(world.log, 'dead-letters')).map(({ value }) => value);
    expect(letters).toMatchObject([{ code: 'picture-unavailable', attempts: 2 }]);
    expect(seqsOf(await readTopic(world.log, 'observations'), 'camera-1')).toEqual([0, 1, 3]);
  });
});

describe('a store that is down', () => {
  test('costs nobody an attempt, however long', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, ['camera-1', 'camera-2', 'camera-3'], 4);
    let asked = 0;
    const isDown = () => asked < 12;
    const blobs = failing(world.blobs, () => {
      asked += 1;
      return isDown();
    });
    const troubles: unknown[] = [];
    const lane = world.lane({ blobs, attempts: { attemptsMax: 2 }, onTrouble: ({ error }) => troubles.push(error) });
    const toldWhileDown: number[] = [];
    const told = watched(lane, () => void (isDown() && toldWhileDown.push(asked)));
    await runLanes(world.log, [told]);
    expect(troubles.length).toBeGreaterThan(2);
    expect(troubles.every((error) => error instanceof Outage)).toBe(true);
    expect(await readTopic(world.log, 'dead-letters')).toEqual([]);
    const observations = await readTopic(world.log, 'observations');
    for (const device of ['camera-1', 'camera-2', 'camera-3']) expect(seqsOf(observations, device)).toEqual(upTo(4));
    // Of an outage that is over, one attempt may count.
    expect(attemptsIn(observations).filter((one) => !/failed 1|running 2/.test(one))).toEqual([]);
  });
});

describe('a flood of dead letters', () => {
  const count = 140;
  const devices = ['camera-1', 'camera-2'];

  test('stops the partition, which goes on by itself once its cause is mended', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, devices, count);
    let isMended = false;
    const blobs = { ...world.blobs, get: async (key: string) => (isMended ? world.blobs.get(key) : null) };
    const gauges: Promise<string>[] = [];
    const gauge = () => gauges.push(metric(world, 'passerby_processor_flooded'));
    const words: string[] = [];
    const onTrouble = ({ error }: { readonly error: unknown }) => {
      words.push(String(error));
      gauge();
      // Looked at again and again, and each time in vain.
      isMended = words.length === 3;
    };
    const lane = world.lane({ blobs, onTrouble, batchRecordsMax: 40 });
    const onCommitted: typeof lane.onCommitted = (committed) => {
      lane.onCommitted?.(committed);
      gauge();
    };
    await runLanes(world.log, [{ ...lane, onCommitted }]);
    expect(words).toHaveLength(3);
    expect(words[0]).toContain('PROCESSOR_FLOOD=pass');
    expect(words[0]).toContain('mostly picture-missing');
    const flooded = (await Promise.all(gauges)).map((text) => text.match(/partition="0"\} (\d)/)?.[1]).join('');
    expect(flooded).toBe('0011100000');
    const letters = await readTopic(world.log, 'dead-letters');
    expect(letters).toHaveLength(80);
    expect((await readTopic(world.log, 'observations')).length).toBe(devices.length * count - letters.length);
  });

  test('may be one of records that cannot be read', async () => {
    const world = createWorld({ partitionCount: 1 });
    const unreadable = Array.from({ length: 150 }, () => ({ key: 'camera-1', value: Buffer.from('x') }));
    await world.log.append('frames', unreadable);
    const stop = new AbortController();
    const words: string[] = [];
    const onTrouble = ({ error }: { readonly error: unknown }) => {
      words.push(String(error));
      stop.abort();
    };
    await runLanes(world.log, [world.lane({ onTrouble, batchRecordsMax: 50 })], stop);
    expect(words).toEqual([expect.stringContaining('mostly not-confluent')]);
    expect(await readTopic(world.log, 'dead-letters')).toHaveLength(100);
  });

  test('passes where it is let pass', async () => {
    const world = createWorld({ partitionCount: 1 });
    await send(world, devices, count);
    const blobs = { ...world.blobs, get: async () => null };
    await runLanes(world.log, [world.lane({ blobs, flood: 'pass' })]);
    expect(await readTopic(world.log, 'dead-letters')).toHaveLength(devices.length * count);
    expect(world.troubles).toEqual([]);
  });

  test('of frames that were given up is looked at again, too', async () => {
    const world = createWorld({ partitionCount: 1 });
    const devices = Array.from({ length: 8 }, (_, at) => `camera-${at}`);
    await send(world, devices, 20);
    let isMended = false;
    const blobs = failing(world.blobs, () => !isMended);
    const onTrouble = ({ error }: { readonly error: unknown }) => {
      isMended ||= String(error).includes('PROCESSOR_FLOOD');
    };
    // As if other partitions had no trouble.
    const wentWell = { ...createWentWell(), fetch: Number.POSITIVE_INFINITY };
    await runLanes(world.log, [world.lane({ blobs, wentWell, attempts: { attemptsMax: 1 }, onTrouble })]);
    expect(isMended).toBe(true);
    const letters = await readTopic(world.log, 'dead-letters');
    expect(letters.length).toBeLessThanOrEqual(100);
    expect((await readTopic(world.log, 'observations')).filter(({ name }) => name === 'observation')).toHaveLength(
      devices.length * 20 - letters.length,
    );
  });
});
