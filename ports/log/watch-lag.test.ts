import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createManualClock } from '../clock/manual.ts';
import { createMemoryLog } from './memory.ts';
import { partitionFor } from './partition-for.ts';
import { createLagWatch } from './watch-lag.ts';

const partitionCount = 2;

/** A key that lies in the partition. */
function keyIn(partition: number): string {
  const key = Array.from({ length: 100 }, (_, at) => `device-${at}`).find(
    (name) => partitionFor(name, partitionCount) === partition,
  );
  if (key === undefined) throw new Error(`no key lies in partition ${partition}`);
  return key;
}

function createSubject() {
  const clock = createManualClock(1_000_000);
  const log = createMemoryLog({ partitionCount, clock });
  const metrics = new Registry();
  const readers = [
    { group: 'quick', topic: 'frames' },
    { group: 'absent', topic: 'frames' },
    { group: 'quick', topic: 'events' },
  ];
  const topics = [
    { name: 'frames', retentionMs: 7_000 },
    { name: 'events', retentionMs: null },
  ];
  const watch = createLagWatch({ log, readers, topics, metrics });
  const append = (partition: number) => log.append('frames', [{ key: keyIn(partition), value: Buffer.alloc(1) }]);
  /** Lets the quick one read so many, one by one. */
  const read = async (count: number) => {
    const stop = new AbortController();
    let left = count;
    const step = async () => {
      left -= 1;
      if (left === 0) stop.abort();
      return { state: null, outputs: [] };
    };
    const subscription = {
      topic: 'frames',
      group: 'quick',
      batchRecordsMax: 1,
      open: async () => ({ state: null }),
      step,
    };
    await log.consume(subscription, stop.signal);
  };
  const gauges = async () =>
    Object.fromEntries(
      (await metrics.metrics())
        .split('\n')
        .filter((line) => line.startsWith('passerby_log_lag_'))
        .map((line) => {
          const [, name, topic, group, partition, value] =
            /^passerby_log_lag_(\w+)\{topic="(\w+)",group="(\w+)",partition="(\d)"\} (.+)$/.exec(line) ?? [];
          return [`${group} ${topic}/${partition} ${name}`, Number(value)];
        }),
    );
  const told = async (name: string) =>
    (await metrics.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { clock, watch, append, read, gauges, told };
}

test('each reader’s records and seconds, by partition in the gauges and together for the pages', async () => {
  const { clock, watch, append, read, gauges } = createSubject();
  expect(watch.readers).toEqual([]);
  await append(0);
  await read(1);
  clock.advance(4_000);
  await append(0);
  await append(0);
  clock.advance(1_500);
  await append(1);
  clock.advance(250);

  await watch.look();
  expect(await gauges()).toEqual({
    'quick frames/0 records': 2,
    'quick frames/0 seconds': 1.75,
    'quick frames/1 records': 1,
    'quick frames/1 seconds': 0.25,
    'absent frames/0 records': 3,
    'absent frames/0 seconds': 5.75,
    'absent frames/1 records': 1,
    'absent frames/1 seconds': 0.25,
    'quick events/0 records': 0,
    'quick events/0 seconds': 0,
    'quick events/1 records': 0,
    'quick events/1 seconds': 0,
  });
  expect(watch.readers).toEqual([
    { group: 'quick', topic: 'frames', records: 3, ageMs: 1_750 },
    { group: 'absent', topic: 'frames', records: 4, ageMs: 5_750 },
    { group: 'quick', topic: 'events', records: 0, ageMs: 0 },
  ]);
});

test('it tells of the last look, also when what waited is read', async () => {
  const { clock, watch, append, read, gauges } = createSubject();
  await append(1);
  clock.advance(60_000);
  await watch.look();
  await read(1);
  expect(watch.readers[0]).toEqual({ group: 'quick', topic: 'frames', records: 1, ageMs: 60_000 });
  expect(await gauges()).toMatchObject({ 'quick frames/1 records': 1, 'quick frames/1 seconds': 60 });
  await watch.look();
  expect(watch.readers[0]).toEqual({ group: 'quick', topic: 'frames', records: 0, ageMs: 0 });
  expect(await gauges()).toMatchObject({ 'quick frames/1 records': 0, 'quick frames/1 seconds': 0 });
});

test('it tells how long topics keep records, where that has an end, and where a reader stands', async () => {
  const { watch, append, read, told } = createSubject();
  const standing = () => told('passerby_log_committed_offset');
  expect(await told('passerby_log_retention_seconds')).toEqual(['passerby_log_retention_seconds{topic="frames"} 7']);
  await append(1);
  await append(1);
  await watch.look();
  expect(await standing()).toContain('passerby_log_committed_offset{topic="frames",group="quick",partition="1"} 0');
  await read(1);
  await watch.look();
  expect(await standing()).toContain('passerby_log_committed_offset{topic="frames",group="quick",partition="1"} 1');
  expect(await standing()).toContain('passerby_log_committed_offset{topic="frames",group="absent",partition="1"} 0');
});

test('of a log that lets unread records go it tells what is kept, and of another nothing', async () => {
  const metrics = new Registry();
  const lag = async (topic: string) => [
    {
      partition: 3,
      committed: 0n,
      records: 1n,
      ageMs: 0,
      ...(topic === 'frames' && { kept: { first: 7n, next: 9n } }),
    },
  ];
  const readers = ['frames', 'events'].map((topic) => ({ group: 'quick', topic }));
  await createLagWatch({ log: { lag }, readers, topics: [], metrics }).look();
  const lines = (await metrics.metrics()).split('\n');
  expect(lines.filter((line) => /^passerby_log_(first|next)_offset\{/.test(line))).toEqual([
    'passerby_log_first_offset{topic="frames",partition="3"} 7',
    'passerby_log_next_offset{topic="frames",partition="3"} 9',
  ]);
});
