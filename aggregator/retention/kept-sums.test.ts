import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, NOON_MS, type RetentionRig, startRetentionRig } from './rig-under-test.ts';

let rig: RetentionRig;
beforeAll(async () => {
  rig = await startRetentionRig();
});
afterAll(() => rig.services.stop());

beforeEach(() => rig.empty());

describe('sums by the hour', () => {
  test('stay what they were when the visits go that they are of', async () => {
    const atMs = NOON_MS - 80 * DAY_MS;
    for (const device of ['cam', 'cam', 'kept']) await rig.addVisit({ device, atMs, lastMs: atMs + 9_000 });
    await rig.setOwn('kept', { visits_d: 200 });
    const sums = () =>
      rig.query('select device_id, hour, visits, dwell_ms from visits_hourly order by device_id, hour');
    const before = await sums();
    expect(before).toMatchObject([
      { device_id: 'cam', visits: 2, dwell_ms: 18_000 },
      { device_id: 'kept', visits: 1, dwell_ms: 9_000 },
    ]);
    rig.clock.advance(20 * DAY_MS);
    await rig.run();
    expect([await rig.countOf('visits'), await sums()]).toEqual([1, before]);
    rig.clock.advance(150 * DAY_MS);
    await rig.run();
    expect([await rig.countOf('visits'), await sums()]).toEqual([0, before]);
  });

  test.each([
    ['visits', { RETENTION_VISITS_D: 30, RETENTION_EVENTS_D: 90 }],
    ['events', { RETENTION_VISITS_D: 90, RETENTION_EVENTS_D: 30 }],
  ] as const)('stay what they were where %s go before the others', async (table, config) => {
    const atMs = NOON_MS - 40 * DAY_MS;
    await rig.addVisit({ atMs, lastMs: atMs + 9_000 });
    for (const type of ['zone_entered', 'crowd']) await rig.addMotion({ type, atMs, endedMs: atMs + 5_000 });
    const sums = async () => [
      await rig.query('select visits::integer, dwell_ms::integer from visits_hourly'),
      await rig.query('select entered::integer, stay_ms::integer from zones_hourly'),
      await rig.query('select crowds::integer, lasted_ms::integer from crowds_hourly'),
    ];
    const before = await sums();
    expect(before).toEqual([
      [{ visits: 1, dwell_ms: 9_000 }],
      [{ entered: 1, stay_ms: 5_000 }],
      [{ crowds: 1, lasted_ms: 5_000 }],
    ]);
    await rig.run({ config });
    const left = { visits: await rig.countOf('visits'), events: await rig.countOf('events') };
    expect([left, await sums()]).toEqual([{ visits: 1, events: 2, [table]: 0 }, before]);
    // Those of the others follow from their rows, as when these are erased.
    for (const rows of ['visits', 'events']) await rig.query(`delete from ${rows}`);
    expect(await sums()).toEqual(table === 'visits' ? [before[0], [], []] : [[], before[1], before[2]]);
  });

  test('of a device that keeps its rows for longer follow from these', async () => {
    await rig.setOwn('kept', { visits_d: 365, events_d: 0 });
    const atMs = NOON_MS - 100 * DAY_MS;
    for (const device of ['cam', 'kept']) {
      await rig.addVisit({ device, atMs, lastMs: atMs + 9_000 });
      await rig.addMotion({ device, type: 'crowd', atMs });
    }
    await rig.run();
    await rig.query('delete from visits');
    await rig.query('delete from events');
    for (const sums of ['visits_hourly', 'crowds_hourly']) {
      expect([sums, await rig.query(`select device_id from ${sums}`)]).toEqual([sums, [{ device_id: 'cam' }]]);
    }
  });

  test('of a device that no longer keeps its rows for longer stay when these go', async () => {
    await rig.setOwn('kept', { visits_d: 365 });
    const atMs = NOON_MS - 100 * DAY_MS;
    for (const device of ['cam', 'kept']) await rig.addVisit({ device, atMs, lastMs: atMs + 9_000 });
    const sums = () => rig.query('select device_id, hour, visits from visits_hourly order by device_id');
    const before = await sums();
    await rig.run();
    await rig.setOwn('kept', {});
    await rig.run();
    expect([await rig.countOf('visits'), await sums()]).toEqual([0, before]);
    expect(
      await rig.query("select * from rollups_kept_until where device_id = 'kept' and rollup = 'visits_hourly'"),
    ).toEqual([]);
  });

  test('go by a time of their own, and all four kinds are told', async () => {
    const hour = [new Date(NOON_MS - 1_826 * DAY_MS)];
    await rig.query("insert into event_counts (device_id, type, hour, count) values ('cam', 'visit', $1, 1)", hour);
    await rig.query("insert into visits_hourly_kept values ('cam', $1, 1, 1, 1000, 1000, 1000)", hour);
    await rig.query("insert into zones_hourly_kept values ('cam', 'till', $1, 1, 1, 1000, 1000)", hour);
    await rig.query("insert into crowds_hourly_kept values ('cam', '', $1, 1, 1, 1000, 5)", hour);
    const [stored] = await rig.query<{ rows: number; bytes: number }>(
      `select count(*)::integer as rows, sum(bytes)::integer as bytes
       from (
         select pg_column_size(event_counts.*) as bytes from event_counts
         union all select pg_column_size(visits_hourly_kept.*) from visits_hourly_kept
         union all select pg_column_size(zones_hourly_kept.*) from zones_hourly_kept
         union all select pg_column_size(crowds_hourly_kept.*) from crowds_hourly_kept
       ) as each`,
    );
    await rig.run();
    const line = (await rig.newestRun()).classes.find((one: { class: string }) => one.class === 'rollups');
    expect([stored?.rows, line]).toMatchObject([4, { rows: 4, row_bytes: stored?.bytes }]);
  });
});
