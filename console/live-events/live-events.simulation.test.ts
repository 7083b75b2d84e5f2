import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom, type Random } from '../../dev/simulate/random.ts';
import { event, NOW_MS } from '../../schemas/records-under-test.ts';
import type { Event } from '../../schemas/types.ts';
import { createFollower, type FeedRig, type Follower, startFeedRig } from './feed-under-test.ts';
import type { LiveEvents } from './live-events.ts';

/**
 * Many write at once, take their time between their last statement and their commit, and sometimes roll back; many listen, take
 * what they are told now and then, go, and come again, to another console or to one that was started anew. In the end each
 * was told of everything, and of nothing twice.
 */
const SEED = Number(process.env.SEED ?? 20_261_123);
const WRITERS = 5;
const TRANSACTIONS = 40;
const FOLLOWERS = 8;

let rig: FeedRig;
beforeAll(async () => {
  rig = await startFeedRig();
});
afterAll(() => rig?.services.stop());

/** One partition's writer; answers which events it has, each in its newest version. */
async function writeAll(writer: number, random: Random): Promise<ReadonlyMap<string, Event>> {
  const written = new Map<string, Event>();
  for (let number = 0; number < TRANSACTIONS; number++) {
    const batch = Array.from({ length: random.between(1, 5) }, (_, at) => {
      const known = [...written.values()];
      const old = random.chance(0.4) ? known[Math.floor(random.between(0, known.length))] : undefined;
      if (old) return { ...old, version: old.version + 1 };
      const device_id = `camera-${writer}`;
      return event(`${writer} ${number} ${at}`, { device_id, occurred_at: NOW_MS + number });
    });
    const isBroken = random.chance(0.1);
    await rig
      .write(batch, async () => {
        await sleep(random.between(0, 8));
        if (isBroken) throw new Error('rolled back');
      })
      .catch((error: Error) => expect(error.message).toBe('rolled back'));
    if (!isBroken) for (const one of batch) written.set(one.event_id, one);
  }
  return written;
}

test(`whatever commits first: nothing is missed, and nothing told twice (SEED=${SEED})`, async () => {
  const random = createRandom(SEED);
  const open = () => rig.openConsole().live;
  const consoles: LiveEvents[] = [open(), open()];
  const someConsole = () => consoles[Math.floor(random.between(0, consoles.length))] as LiveEvents;
  // Two of them want one camera only.
  const followers = Array.from({ length: FOLLOWERS }, (_, at) =>
    createFollower(at < 2 ? { cameras: [`camera-${at}`] } : {}),
  );
  for (const follower of followers) await follower.come(someConsole());

  let comings = 0;
  let restarts = 0;
  async function act(follower: Follower): Promise<void> {
    if (!follower.listener) {
      comings += 1;
      follower.room = random.between(1, 30);
      await follower.come(someConsole());
    } else if (random.chance(0.05)) follower.leave();
    else if (random.chance(0.3)) follower.take(random.between(1, 10));
  }

  let isWritten = false;
  const writing = Promise.all(
    Array.from({ length: WRITERS }, (_, at) => writeAll(at, createRandom(SEED + 1 + at))),
  ).finally(() => {
    isWritten = true;
  });
  while (!isWritten) {
    await Promise.all(consoles.map((live) => live.look()));
    for (const follower of followers) await act(follower);
    if (random.chance(0.02)) {
      restarts += 1;
      consoles.shift()?.close();
      consoles.push(open());
    }
    await sleep(1);
  }
  const written = await writing;

  // Now everybody takes what there is left.
  const [newest] = await rig.query<{ position: number }>('select max(position) as position from event_feed');
  for (const follower of followers) {
    if (!follower.listener) await follower.come(someConsole());
    follower.take(Number.POSITIVE_INFINITY);
  }
  const isThere = ({ listener }: Follower) => listener?.at().position === newest?.position;
  for (let looks = 0; !followers.every(isThere); looks++) {
    expect(looks).toBeLessThan(2_000);
    await Promise.all(consoles.map((live) => live.look()));
    await sleep(1);
  }
  for (const live of consoles) live.close();

  expect(comings).toBeGreaterThan(FOLLOWERS);
  expect(restarts).toBeGreaterThan(0);
  for (const [at, follower] of followers.entries()) {
    const positions = follower.messages.filter(({ kind }) => kind === 'event').map(({ at: { position } }) => position);
    expect(positions, 'in the order of the feed').toEqual([...new Set(positions)].sort((a, b) => a - b));
    const told = follower.versions().map(([id, version]) => `${id} ${version}`);
    expect(told.length, 'nothing twice').toBe(new Set(told).size);
    expect(follower.messages.filter(({ kind }) => kind === 'reset')).toEqual([]);
    const newestTold = new Map<string, number>();
    for (const [id, version] of follower.versions()) {
      expect(version).toBeGreaterThan(newestTold.get(id) ?? 0);
      newestTold.set(id, version);
    }
    const wanted = written.flatMap((events, writer) => (at < 2 && writer !== at ? [] : [...events.values()]));
    expect([...newestTold].sort()).toEqual(wanted.map(({ event_id, version }) => [event_id, version]).sort());
  }
});
