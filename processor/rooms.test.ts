import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRooms } from './rooms.ts';

function setUp(places: number) {
  const rooms = createRooms(places);
  const done: string[] = [];
  let [atOnce, atOnceMax] = [0, 0];
  const work = (name: string) => async () => {
    atOnce += 1;
    atOnceMax = Math.max(atOnce, atOnceMax);
    await turn();
    atOnce -= 1;
    done.push(name);
  };
  return { rooms, done, work, atOnceMax: () => atOnceMax };
}

test('however many late frames wait, a live one waits for one of them at most', async () => {
  for (const places of [1, 2, 4]) {
    const { rooms, done, work } = setUp(places);
    const late = Array.from({ length: 1_000 }, (_, at) => rooms.backlog(work(`late ${at}`)));
    await turn();
    const lateBefore = done.length;
    await rooms.live(work('live'));
    expect(done.indexOf('live') - lateBefore).toBeLessThanOrEqual(2);
    await Promise.all(late);
    expect(done).toHaveLength(1_001);
  }
});

test('late frames are not kept out by live ones for ever', async () => {
  const { rooms, done, work } = setUp(1);
  const live = Array.from({ length: 10 }, (_, at) => rooms.live(work(`live ${at}`)));
  const late = rooms.backlog(work('late'));
  await turn();
  const later = Array.from({ length: 10 }, (_, at) => rooms.live(work(`live ${10 + at}`)));
  await Promise.all([...live, late, ...later]);
  expect(done.indexOf('late')).toBe(10);
});

test('both together have no more places than there are', async () => {
  const { rooms, work, atOnceMax } = setUp(3);
  await Promise.all(Array.from({ length: 60 }, (_, at) => (at % 2 ? rooms.live : rooms.backlog)(work(`${at}`))));
  expect(atOnceMax()).toBe(3);
});
