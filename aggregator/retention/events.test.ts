import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { event } from '../../schemas/records-under-test.ts';
import { told } from '../visit-under-test.ts';
import { DAY_MS, HOUR_MS, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

let rig: RetentionRig;
beforeAll(async () => {
  rig = await startRetentionRig();
});
afterAll(() => rig.services.stop());

beforeEach(() => rig.empty());

describe('an event', () => {
  test('counts from its end; what is not over stays while it may still be told of', async () => {
    const daysAgo = (days: number) => NOON_MS - days * DAY_MS;
    const lasting = ['visit', 'zone_entered', 'motion', 'crowd', 'device_offline'];
    const events: readonly (readonly [why: string, said: Parameters<RetentionRig['addMotion']>[0], stays: boolean])[] =
      [
        ['is over', { type: 'visit', atMs: daysAgo(100) }, false],
        ['was over later', { type: 'visit', atMs: daysAgo(100), endedMs: daysAgo(1) }, true],
        ...lasting.flatMap((type) => [
          [`${type} is not over`, { type, atMs: daysAgo(119), endedMs: null }, true] as const,
          [`${type} is too old not to be over`, { type, atMs: daysAgo(121), endedMs: null }, false] as const,
        ]),
        ...['zone_left', 'line_crossed', 'loitering', 'device_online'].map(
          (type) => [`${type} never lasts`, { type, atMs: daysAgo(91), endedMs: null }, false] as const,
        ),
        ['seen', { type: 'visit', atMs: daysAgo(200), endedMs: null }, true],
        ['seen no more', { type: 'visit', atMs: daysAgo(200), endedMs: null }, false],
        ['silent', { type: 'device_offline', atMs: daysAgo(200), endedMs: null }, true],
      ];
    for (const [device, said] of events) await rig.addMotion({ ...said, device });
    await rig.query("update devices set silent_since = $1 where id = 'silent'", [new Date(daysAgo(200))]);
    await rig.query(
      `insert into visits (id, opened_at, device_id, person_id, lane, source, state, last_seen_at, dwell_ms, config_version, version, created_at)
       select id, occurred_at, events.device_id, 'p', 'live', 'camera', 'updated', last_seen_at, 1, 0, 1, occurred_at
       from events
       join unnest(array['seen', 'seen no more'], $1::timestamptz[]) as seen (device_id, last_seen_at) using (device_id)`,
      [[daysAgo(89), daysAgo(91)].map((atMs) => new Date(atMs))],
    );
    await rig.run();
    const left = await rig.query<{ device_id: string }>('select device_id from events');
    expect(left.map(({ device_id }) => device_id).sort()).toEqual(
      events.flatMap(([why, , stays]) => (stays ? [why] : [])).sort(),
    );
    expect(await rig.unmatched()).toEqual([]);
  });

  const atMs = NOON_MS - 25 * HOUR_MS;
  const inDoor = {
    kind: 'ZoneChange',
    zone_id: 'door',
    zone_name: '',
    person_id: 'P',
    stay_ms: null,
    box: null,
  } as const;
  const entered = (version: number, ended_at: number | null) =>
    event('entered', { type: 'zone_entered', version, occurred_at: atMs, ended_at, payload: inDoor });
  test.each([
    ['visit', told('long', 1, null, { occurred_at: atMs }), told('long', 2, NOON_MS - atMs, { occurred_at: atMs })],
    ['zone_entered', entered(1, null), entered(2, NOON_MS)],
  ])(
    'that lasts longer than events are kept counts once, and somebody is there for as long: %s',
    async (type, begun, over) => {
      const there = async () =>
        (await rig.query<{ delta: number }>('select delta from occupancy_changes order by at')).map(
          ({ delta }) => delta,
        );
      const config = { RETENTION_EVENTS_D: 1 };
      await rig.tell(begun);
      await rig.run({ config });
      expect(await there()).toEqual([1]);
      await rig.tell(over);
      await rig.run({ config });
      expect(await there()).toEqual([1, -1]);
      expect(await rig.query('select type, count::integer from event_counts')).toEqual([{ type, count: 1 }]);
      expect(await rig.unmatched()).toEqual([]);
      rig.clock.advance(DAY_MS + 1);
      await rig.run({ config });
      expect([await rig.countOf('events'), await there(), await rig.unmatched()]).toEqual([0, [], []]);
    },
  );

  const overMs = NOON_MS - 100 * DAY_MS;
  test.each([
    ['all at once', [[1, 2]]],
    ['one by one', [[1], [2]]],
    ['without the first', [[2]]],
  ])('of which versions come after it has gone counts once: %s', async (_, batches) => {
    const version = (number: number) => told(`late ${batches}`, number, number * 1_000, { occurred_at: overMs });
    const counts = () => rig.query('select device_id, type, count::integer from event_counts');
    for (const batch of batches) await rig.tell(...batch.map(version));
    const before = await counts();
    expect(before).toMatchObject([{ type: 'visit', count: 1 }]);
    for (const number of [3, 4]) {
      await rig.run();
      expect(await rig.countOf('events')).toBe(0);
      await rig.tell(version(number));
      expect([await rig.countOf('events'), await counts(), await rig.unmatched()]).toEqual([1, before, []]);
    }
  });

  test('that first comes when others of its time have gone counts, by what its own camera keeps', async () => {
    await rig.setOwn('kept', { events_d: 365 });
    await rig.run();
    const late = (name: string, device_id: string, version: number) =>
      told(name, version, version * 1_000, { device_id, occurred_at: overMs });
    await rig.tell(late('first', 'cam', 1), late('first', 'cam', 2), late('later', 'cam', 2), late('kept', 'kept', 2));
    expect(await rig.query('select device_id, count::integer from event_counts order by device_id')).toEqual([
      { device_id: 'cam', count: 1 },
      { device_id: 'kept', count: 1 },
    ]);
  });

  test('is one less of the day of UTC on which it happened', async () => {
    const midnightMs = NOON_MS - 100 * DAY_MS - 12 * HOUR_MS;
    for (const minutes of [-30, 30]) await rig.addMotion({ atMs: midnightMs + minutes * 60_000 });
    await rig.addMotion({ atMs: midnightMs - 60_000, endedMs: NOON_MS });
    await rig.run();
    expect(await rig.query('select events::integer from event_days')).toEqual([{ events: 1 }]);
    expect(await rig.unmatched()).toEqual([]);
  });

  test('loses its drawn picture before, where that is said', async () => {
    await rig.addMotion({ atMs: NOON_MS - 10 * DAY_MS, drawn: true });
    await rig.run({ config: { RETENTION_SNAPSHOTS_D: 7 } });
    expect([await rig.countOf('events'), await rig.keys(), await rig.unmatched()]).toEqual([1, [], []]);
  });
});
