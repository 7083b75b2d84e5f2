import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../../ports/servers-under-test.ts';
import { startDatabase, startTimescaleDatabase } from '../../ports/store/database-under-test.ts';
import { event, NOW_MS } from '../../schemas/records-under-test.ts';
import type { Event } from '../../schemas/types.ts';
import { createFollower, type FeedRig, type Follower, proofOfEverybody, startFeedRig } from './feed-under-test.ts';
import { QUIET_MS, STALLED_MS } from './listener.ts';
import { LISTENERS_MAX, LISTENERS_OF_USER_MAX, type LiveEvents } from './live-events.ts';

const DAY_MS = 24 * 3_600_000;

/** Looks until somebody has come so far, since what is read for one alone comes in its own time. */
async function until(live: LiveEvents, isSo: () => boolean): Promise<void> {
  for (let looks = 0; !isSo(); looks++) {
    if (looks > 2_000) throw new Error('it does not come to that');
    await live.look();
    await sleep(1);
  }
}

const versionsOf = (follower: Follower) => follower.versions().map(([, version]) => version);
const kinds = ({ messages }: Follower) => messages.map(({ kind }) => kind);

function suite(start: () => Promise<FeedRig>): void {
  let rig: FeedRig;
  beforeAll(async () => {
    rig = await start();
  });
  afterAll(() => rig?.services.stop());

  /** Somebody who listens from now on. */
  async function follow(live: LiveEvents, wanted: Parameters<typeof createFollower>[0] = {}): Promise<Follower> {
    const follower = createFollower(wanted);
    await follower.come(live);
    return follower;
  }

  test('each version is told, in its order; what is told again is told to nobody', async () => {
    const { live } = rig.openConsole();
    const follower = await follow(live);
    await live.look();
    await rig.write([event('grows')]);
    await live.look();
    await rig.write([event('grows', { version: 3, ended_at: NOW_MS + 1_000 })]);
    await rig.write([event('grows', { version: 2 })]);
    await rig.write([event('grows', { version: 3, ended_at: NOW_MS + 1_000 })]);
    await live.look();
    expect(versionsOf(follower)).toEqual([1, 3]);
    expect(kinds(follower)).toEqual(['position', 'event', 'event']);
    follower.leave();
  });

  test('who was away is told what there is by then: of an event that grew meanwhile the newest version', async () => {
    const { live } = rig.openConsole();
    const follower = await follow(live);
    follower.leave();
    await rig.write([event('first'), event('away')]);
    await rig.write([event('away', { version: 2 })]);
    await follower.come(live);
    await until(live, () => follower.versions().length >= 2);
    await live.look();
    expect(follower.versions()).toEqual([
      [event('first').event_id, 1],
      [event('away').event_id, 2],
    ]);
    follower.leave();
  });

  test('what was rolled back is told to nobody', async () => {
    const { live } = rig.openConsole();
    const follower = await follow(live);
    const broken = rig.write([event('undone')], async () => {
      throw new Error('no');
    });
    await expect(broken).rejects.toThrow('no');
    await rig.write([event('done')]);
    await live.look();
    expect(follower.versions()).toEqual([[event('done').event_id, 1]]);
    follower.leave();
  });

  test('only the cameras and the types that are wanted; and who is told of none of it gets on all the same', async () => {
    const { live } = rig.openConsole();
    const follower = await follow(live, { cameras: ['c-1', 'c-2'], types: ['motion'] });
    const quiet = await follow(live, { cameras: ['nobody'] });
    const begun = quiet.lastId;
    const of = (name: string, device_id: string, type: Event['type']) => event(name, { device_id, type });
    await rig.write([
      of('1', 'c-1', 'motion'),
      of('2', 'c-3', 'motion'),
      of('3', 'c-2', 'crowd'),
      of('4', 'c-2', 'motion'),
    ]);
    await live.look();
    expect(follower.versions().map(([id]) => id)).toEqual([event('1').event_id, event('4').event_id]);
    rig.clock.advance(QUIET_MS);
    await live.look();
    expect(kinds(quiet)).toEqual(['position', 'position']);
    expect(quiet.lastId).not.toBe(begun);
    quiet.leave();
    follower.leave();
    await quiet.come(live);
    await until(live, () => quiet.listener?.at().position === follower.messages.at(-1)?.at.position);
    expect(kinds(quiet)).toEqual(['position', 'position']);
    quiet.leave();
  });

  test('one question for all, and none while nobody listens', async () => {
    const { live, asked } = rig.openConsole();
    const followers = await Promise.all(Array.from({ length: 10 }, () => follow(live)));
    await rig.write([event('for all')]);
    asked.length = 0;
    await live.look();
    expect(asked).toEqual(['list-feed', 'list-fed-events']);
    expect(followers.map((follower) => follower.versions().length)).toEqual(Array(10).fill(1));
    for (const follower of followers) follower.leave();
    asked.length = 0;
    await live.look();
    expect(asked).toEqual([]);
  });

  describe('who takes nothing', () => {
    test('is dropped after ten seconds, while others go on; and goes on where they were when they come again', async () => {
      const { live, metrics } = rig.openConsole();
      const [slow, quick] = [await follow(live), await follow(live)];
      slow.take(2);
      await rig.write(Array.from({ length: 5 }, (_, at) => event(`slow ${at}`)));
      await live.look();
      rig.clock.advance(STALLED_MS);
      await live.look();
      expect([slow.ended, slow.versions().length, quick.versions().length]).toEqual([[], 2, 5]);
      expect(await metrics.metrics()).toMatch(/^passerby_event_listeners_behind 3$/m);
      rig.clock.advance(1);
      await live.look();
      expect([slow.ended, quick.ended]).toEqual([['too-slow'], []]);
      expect(await metrics.metrics()).toMatch(/^passerby_event_listeners_ended_total\{reason="too-slow"\} 1$/m);
      expect(await metrics.metrics()).toMatch(/^passerby_event_listeners 1$/m);
      slow.room = Number.POSITIVE_INFINITY;
      await slow.come(live);
      await until(live, () => slow.versions().length === 5);
      expect(slow.versions()).toEqual(quick.versions());
      for (const follower of [slow, quick]) follower.leave();
    });

    test('is dropped when they are a thousand behind, and nothing is kept for them', async () => {
      const { live } = rig.openConsole();
      const [slow, quick] = [await follow(live), await follow(live)];
      slow.take(1);
      const all = Array.from({ length: 1_010 }, (_, at) => event(`many ${at}`, { occurred_at: NOW_MS + at }));
      for (let at = 0; at < all.length; at += 505) await rig.write(all.slice(at, at + 505));
      await until(live, () => quick.versions().length === all.length);
      await live.look();
      expect([slow.ended, quick.ended]).toEqual([['too-slow'], []]);
      slow.room = Number.POSITIVE_INFINITY;
      await slow.come(live);
      await until(live, () => slow.versions().length === all.length);
      expect(slow.versions()).toEqual(quick.versions());
      for (const follower of [slow, quick]) follower.leave();
    });

    test('has no more read for them than a page', async () => {
      const { live, asked } = rig.openConsole();
      const far = await follow(live);
      far.leave();
      await rig.write(Array.from({ length: 250 }, (_, at) => event(`far ${at}`)));
      const other = await follow(live);
      far.room = 1;
      await far.come(live);
      await until(live, () => far.versions().length === 1);
      asked.length = 0;
      for (let looks = 0; looks < 5; looks++) await live.look();
      // What is read for all, and nothing else.
      expect(asked).toEqual(Array(5).fill('list-feed'));
      far.take(Number.POSITIVE_INFINITY);
      await until(live, () => far.versions().length === 250);
      for (const follower of [far, other]) follower.leave();
    });
  });

  describe('is told to list', () => {
    const resetAt = async (live: LiveEvents, follower: Follower) => {
      await follower.come(live);
      await until(live, () => kinds(follower).includes('reset'));
      await rig.write([event(`after ${follower.lastId}`)]);
      await live.look();
      expect(kinds(follower)).toEqual(['position', 'reset', 'event']);
      follower.leave();
    };

    test('who was away for more than a day', async () => {
      const { live } = rig.openConsole();
      const follower = await follow(live);
      follower.leave();
      await live.look();
      await rig.write([event('long ago')]);
      rig.clock.advance(DAY_MS + 1);
      // With what comes, what is older goes, twice as much as comes and a little more.
      const [before] = await rig.query<{ rows: number }>('select count(*) as rows from event_feed');
      const half = Math.ceil(Number(before?.rows) / 2);
      await rig.write(Array.from({ length: half }, (_, at) => event(`a day later ${at}`)));
      const old = await rig.query('select from event_feed where fed_at < $1', [new Date(rig.clock.nowMs() - DAY_MS)]);
      expect(old).toEqual([]);
      await resetAt(live, follower);
    });

    test('who comes with an id of another database, or of none', async () => {
      const { live } = rig.openConsole();
      for (const change of [
        (id: string) => id.replace(/-.*/, '-1'),
        () => '999999999999-1',
        () => 'x',
        () => '',
        () => '0-0',
      ]) {
        const follower = await follow(live);
        follower.leave();
        follower.lastId = change(follower.lastId ?? '');
        await resetAt(live, follower);
      }
    });

    test('everybody, where the database is another one than it was', async () => {
      const { live } = rig.openConsole();
      const follower = await follow(live);
      await live.look();
      await rig.query('update event_feed set mark = mark + 1 where position = (select max(position) from event_feed)');
      await live.look();
      expect(kinds(follower)).toEqual(['position', 'reset']);
      await rig.write([event('after the restore')]);
      await live.look();
      expect(kinds(follower)).toEqual(['position', 'reset', 'event']);
      follower.leave();
    });
  });

  test('a user may listen twenty times, and all together five hundred; who goes makes room', async () => {
    const { live } = rig.openConsole();
    const as = (id: string) => ({ proof: { ...proofOfEverybody, user: { ...proofOfEverybody.user, id } } });
    const followers: Follower[] = [];
    const comeAs = async (id: string) => followers.push(await follow(live, as(id)));
    for (let at = 0; at < LISTENERS_OF_USER_MAX; at++) await comeAs('one');
    await expect(comeAs('one')).rejects.toMatchObject({ status: 429, code: 'too-many-streams' });
    for (let at = LISTENERS_OF_USER_MAX; at < LISTENERS_MAX; at++) await comeAs(`user ${at}`);
    await expect(comeAs('another')).rejects.toMatchObject({ status: 503 });
    followers.pop()?.leave();
    await comeAs('another');
    live.close();
    expect(followers.every(({ ended, listener }) => listener === null || ended[0] === 'closing')).toBe(true);
    await expect(comeAs('late')).rejects.toMatchObject({ status: 503 });
  });
}

describe('the feed', () => suite(() => startFeedRig(startDatabase)));
describeWith('timescale', 'the feed on TimescaleDB', ({ url }) =>
  suite(() => startFeedRig(() => startTimescaleDatabase(url))),
);
