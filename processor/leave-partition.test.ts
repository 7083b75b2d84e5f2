import { expect, test } from 'vitest';
import type { StoredRecord } from '../ports/log/log.ts';
import { areRead, createWorld, readTopic, runLanes } from './lane-under-test.ts';
import { show, visit } from './visit-under-test.ts';

function setUp() {
  const watched = new Set<number>();
  const ticks = {
    watch: (partition: number) => void watched.add(partition),
    forget: (partition: number) => void watched.delete(partition),
  };
  const world = createWorld();
  return { world, lane: world.lane({ ticks }), watched };
}

test('whoever leaves a partition tells nothing more of its devices, nor how many people there are', async () => {
  const { world, lane, watched } = setUp();
  await show(world, visit);
  const gauges = async () => {
    const names = ['passerby_processor_people', 'passerby_processor_put_off_records'];
    const told = await Promise.all(names.map((name) => world.metrics.getSingleMetricAsString(name)));
    return told.map((text) => text.match(/\{.*\}/g) ?? []);
  };
  const stop = new AbortController();
  const running = world.log.consume(lane, stop.signal);
  await expect.poll(() => areRead(world.log, [lane]), { timeout: 15_000 }).toBe(true);
  expect(watched).toEqual(new Set([0, 1]));
  const place = expect.stringMatching(/^\{lane="live",partition="[01]"\}$/);
  expect(await gauges()).toEqual([[place], [place]]);
  stop.abort();
  await running;
  expect(watched).toEqual(new Set());
  expect(await gauges()).toEqual([[], []]);
});

test('one who is late to leave takes nothing from whoever has the partition since', async () => {
  const { lane, watched } = setUp();
  const open = () => lane.open({ partition: 0, committed: 0n }, nothing());
  const [former, next] = [await open(), await open()];
  lane.onReleased?.({ partition: 0, state: former.state });
  expect(watched).toEqual(new Set([0]));
  lane.onReleased?.({ partition: 0, state: next.state });
  expect(watched).toEqual(new Set());
});

test('whoever leaves a partition and has it again remembers nothing of it: its dead letters count from the first', async () => {
  const { world, lane } = setUp();
  const unreadable = Array.from({ length: 60 }, () => ({ key: 'camera-1', value: Buffer.from('x') }));
  for (let stay = 1; stay <= 2; stay += 1) {
    await world.log.append('frames', unreadable);
    await runLanes(world.log, [lane]);
    expect(await readTopic(world.log, 'dead-letters')).toHaveLength(60 * stay);
  }
  expect(world.troubles).toEqual([]);
});

async function* nothing(): AsyncIterable<StoredRecord> {}
