import { expect, test } from 'vitest';
import { partitionFor } from '../../ports/log/partition-for.ts';
import { createPlan, type PlannedFrame } from './plan.ts';

const given = { seed: 1, records: 40_000, corrupt: 0.01, walkFrames: 25 };
const framesOf = (options: Partial<typeof given> = {}) => [...createPlan({ ...given, ...options }).frames()];
const spoiltOf = (frames: readonly PlannedFrame[]) => frames.filter(({ damage }) => damage !== null);

test('follows from its seed', () => {
  expect(framesOf({ records: 4_000 })).toEqual(framesOf({ records: 4_000 }));
  expect(spoiltOf(framesOf({ seed: 2 }))).not.toEqual(spoiltOf(framesOf()));
});

test.each([1, 999, 4_000])('has %i records, of seqs that go on from lane to lane', (records) => {
  const frames = framesOf({ records });
  expect(frames).toHaveLength(records);
  const next = new Map<string, number>();
  const astray = frames.filter(({ deviceId, seq }) => {
    const expected = next.get(deviceId) ?? 0;
    next.set(deviceId, expected + 1);
    return seq !== expected;
  });
  expect(astray).toEqual([]);
});

test.each([4, 6])('has as many devices in each of %i partitions', (partitions) => {
  const { deviceIds } = createPlan(given);
  const counts = Array.from({ length: partitions }, (_, at) =>
    deviceIds.filter((deviceId) => partitionFor(deviceId, partitions) === at),
  );
  expect(new Set(counts.map(({ length }) => length))).toEqual(new Set([deviceIds.length / partitions]));
});

test('spoils the share that is asked for, in both lanes, half of it in records and half in pictures', () => {
  const frames = framesOf({ records: 120_000 });
  for (const lane of ['live', 'backlog']) {
    const ofLane = frames.filter((frame) => frame.lane === lane);
    const spoilt = spoiltOf(ofLane);
    expect(spoilt.length / ofLane.length).toBeCloseTo(0.01, 2);
    const records = spoilt.filter(({ damage }) => damage?.of === 'record');
    expect(records.length / spoilt.length).toBeCloseTo(0.5, 1);
  }
});

test('spoils nothing while somebody walks by, nor right before or after it', () => {
  const frames = framesOf({ corrupt: 0.2 });
  const walks = frames.filter(({ step }) => step !== null);
  expect(walks.length).toBeGreaterThanOrEqual(12 * given.walkFrames);
  expect(walks.length % given.walkFrames).toBe(0);
  const walking = new Set(walks.map(({ deviceId, seq }) => `${deviceId}/${seq}`));
  const near = spoiltOf(frames).filter(({ deviceId, seq }) =>
    Array.from({ length: 101 }, (_, at) => seq - 80 + at).some((other) => walking.has(`${deviceId}/${other}`)),
  );
  expect(near).toEqual([]);
  expect(spoiltOf(frames).length).toBeGreaterThan(1_000);
});
