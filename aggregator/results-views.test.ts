import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../ports/servers-under-test.ts';
import { startDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { event } from '../schemas/records-under-test.ts';
import type { Event } from '../schemas/types.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';
import { told } from './visit-under-test.ts';

/** What the schema results shows, and whom: the same, whichever server it is. */
function views(start: () => Promise<AggregatorRig>): void {
  let rig: AggregatorRig;
  let owner: pg.Client;
  let reader: pg.Client;
  beforeAll(async () => {
    rig = await start();
    [owner, reader] = [1, 2].map(() => new pg.Client({ connectionString: rig.services.connectionString })) as [
      pg.Client,
      pg.Client,
    ];
    await Promise.all([owner.connect(), reader.connect()]);
    await reader.query('set role passerby_results');
  });
  afterAll(async () => {
    await reader?.end();
    await owner?.end();
    await rig?.services.stop();
  });

  async function tell(...events: readonly Event[]): Promise<void> {
    await rig.append('events', 'event', ...events);
    await rig.drain();
  }

  const HOUR_MS = 3_600_000;
  const midnight = Date.UTC(2026, 6, 1);

  beforeAll(async () => {
    await owner.query(`
        with boss as (insert into users (username, password_hash, role) values ('boss', '', 'admin') returning id),
        site as (
          insert into sites (owner_id, name, time_zone, created_at) select id, 'Tokyo', 'Asia/Tokyo', now() from boss
          returning id
        )
        insert into devices (id, created_at, site_id) select device, now(), id from site, unnest(array['tokyo', 'first']) as device`);
    const at = (device_id: string, person: string, hours: number) => ({
      device_id,
      person,
      occurred_at: midnight + hours * HOUR_MS,
    });
    await tell(
      // Half past eleven in the evening, and half an hour after midnight.
      told('t1', 2, 2_500, at('tokyo', 'A', 14.5)),
      told('t2', 2, 60 * 60_000, at('tokyo', 'B', 14.75)),
      told('t3', 1, 1_000, at('tokyo', 'A', 14.9)),
      told('t4', 1, null, at('tokyo', 'A', 15.5)),
      told('u1', 1, 4_000, at('nowhere', 'C', 23.9)),
      // Before all others, half an hour after midnight: west of UTC it is the day before.
      told('f1', 1, 1_000, at('first', 'D', -23.5)),
    );
  });

  test('results.events has a row for each visit, by these names and no others', async () => {
    const { rows } = await reader.query("select * from results.events where device_id = 'tokyo' order by start_ts");
    const opened = (hours: number) => new Date(midnight + hours * HOUR_MS);
    const of = (name: string, person_id: string) => ({
      event_id: event(name).event_id,
      device_id: 'tokyo',
      person_id,
    });
    expect(rows).toEqual([
      { ...of('t1', 'A'), start_ts: opened(14.5), end_ts: new Date(opened(14.5).getTime() + 2_500), dwell_time: 2.5 },
      { ...of('t2', 'B'), start_ts: opened(14.75), end_ts: opened(15.75), dwell_time: 3_600 },
      { ...of('t3', 'A'), start_ts: opened(14.9), end_ts: new Date(opened(14.9).getTime() + 1_000), dwell_time: 1 },
      { ...of('t4', 'A'), start_ts: opened(15.5), end_ts: null, dwell_time: 0.001 },
    ]);
  });

  test("results.person_summary counts people by the site's days, and a visit on the day on which it began", async () => {
    const { rows } = await reader.query(`
        select date::text, device_id, unique_person_count::integer, total_dwell_time from results.person_summary
        where device_id in ('tokyo', 'nowhere') order by device_id, date`);
    expect(rows).toEqual([
      { date: '2026-07-01', device_id: 'nowhere', unique_person_count: 1, total_dwell_time: 4 },
      { date: '2026-07-01', device_id: 'tokyo', unique_person_count: 2, total_dwell_time: 3_603.5 },
      { date: '2026-07-02', device_id: 'tokyo', unique_person_count: 1, total_dwell_time: 0.001 },
    ]);
    const { fields } = await reader.query('select * from results.person_summary limit 0');
    expect(fields.map(({ name }) => name)).toEqual(['date', 'device_id', 'unique_person_count', 'total_dwell_time']);
  });

  test('and are found though there are thousands of years between them', async () => {
    await owner.query('begin');
    try {
      await owner.query(`
          insert into visits
          select (jsonb_populate_record(visits, jsonb_build_object('id', gen_random_uuid(), 'opened_at', at))).*
          from visits, unnest(array['0700-02-28 12:00+00', '0700-03-30 12:00+00', '144683-01-01 12:00+00']) as at
          where visits.device_id = 'nowhere'`);
      await owner.query("set local statement_timeout = '20s'");
      const { rows } = await owner.query(
        "select date::text, unique_person_count::integer as people from results.person_summary where device_id = 'nowhere' order by person_summary.date",
      );
      expect(rows.map(({ date, people }) => [date, people])).toEqual([
        ['0700-02-28', 1],
        ['0700-03-30', 1],
        ['2026-07-01', 1],
        ['144683-01-01', 1],
      ]);
      const { rows: days } = await owner.query<{ days: number; of_them: number }>(
        'select count(*)::integer as days, count(distinct day)::integer as of_them from visit_days() as day',
      );
      expect(days[0]?.of_them).toBe(days[0]?.days);
      expect(days[0]?.days).toBeLessThan(300);
    } finally {
      await owner.query('rollback');
    }
  });

  test.each(['Pacific/Kiritimati', 'Etc/GMT+12', 'Asia/Kolkata', 'America/Havana', 'Asia/Tokyo'])(
    'its dates are those of the zone that the site has now: %s',
    async (zone) => {
      await owner.query("update sites set time_zone = $1 where name = 'Tokyo'", [zone]);
      // Of all days of which somebody may have been there, the first and the last moment; and a night in which clocks change.
      const { rows: moments } = await owner.query<{ at: Date }>(
        `select moment as at
           from unnest(array['2026-07-05', '2026-07-06', '2026-11-01']::timestamp[]) as day
           cross join unnest(array['0 h', '-1 ms', '30 min', '90 min']::interval[]) as later
           cross join lateral (select (day + later) at time zone $1 as moment) as moments`,
        [zone],
      );
      await tell(
        ...moments.map(({ at }, index) =>
          told(`${zone} ${index}`, 1, 1_000 + index, {
            device_id: 'tokyo',
            person: `P${index % 3}`,
            occurred_at: at.getTime(),
          }),
        ),
      );
      const { rows: expected } = await owner.query(`
          select
            (opened_at at time zone coalesce(time_zone, 'UTC'))::date::text as date,
            visits.device_id,
            count(distinct person_id) as unique_person_count,
            sum(dwell_ms) / 1000::double precision as total_dwell_time
          from visits
          left join devices on devices.id = visits.device_id
          left join sites on sites.id = devices.site_id
          group by 1, 2
          order by 1, 2`);
      expect(expected.length).toBeGreaterThan(5);
      const columns = 'date::text, device_id, unique_person_count, total_dwell_time';
      const { rows: all } = await reader.query(
        `select ${columns} from results.person_summary order by date, device_id`,
      );
      expect(all).toEqual(expected);
      for (const date of new Set(expected.map(({ date }) => date))) {
        const { rows } = await reader.query(
          `select ${columns} from results.person_summary where date = $1 order by device_id`,
          [date],
        );
        expect(rows).toEqual(expected.filter((row) => row.date === date));
      }
    },
  );

  test('what a reader has made takes the place of nothing that is run for them as the owner', async () => {
    const other = new pg.Client({ connectionString: rig.services.connectionString });
    await other.connect();
    try {
      // What is revoked somebody may have granted again.
      await other.query(`do $$ begin
          execute format('grant temporary on database %I to passerby_results', current_database());
        end $$`);
      await other.query('set role passerby_results');
      await other.query(`
          create function pg_temp.spy() returns timestamptz language plpgsql as
          $$ begin raise exception 'run as %', current_user; end $$`);
      await other.query('create temp view visits as select pg_temp.spy() as opened_at');
      await other.query('create temp view devices as select pg_temp.spy() as id');
      const { rows } = await other.query('select count(*)::integer > 5 as many from results.person_summary');
      expect(rows).toEqual([{ many: true }]);
    } finally {
      await other.end();
    }
  });

  test.each([
    'select * from visits',
    'select * from users',
    'select * from devices',
    'delete from results.events',
    "insert into results.events (device_id) values ('camera')",
    'create table results.mine ()',
  ])('and nothing else: %s', async (statement) => {
    await expect(reader.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
}

describe('the schema results on PostgreSQL', () => views(() => startAggregatorRig(startDatabase)));

describeWith('timescale', 'the schema results on TimescaleDB', ({ url }) =>
  views(() => startAggregatorRig(() => startTimescaleDatabase(url))),
);
