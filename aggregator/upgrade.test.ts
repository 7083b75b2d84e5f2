import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeWith } from '../ports/servers-under-test.ts';
import { startDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { migrate } from '../ports/store/migrate.ts';
import { migrations } from './aggregator.ts';

/** What a release finds that was written by those before it. */
function upgrades(start: typeof startDatabase): void {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let owner: pg.Client;
  const folders: string[] = [];

  beforeEach(async () => {
    database = await start();
    owner = new pg.Client({ connectionString: database.connectionString });
    await owner.connect();
  });
  afterEach(async () => {
    await owner?.end();
    await database?.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  const migrateFrom = (folder: URL) =>
    migrate({ connectionString: database.connectionString, folder, table: 'migrations' });

  async function migrateUpTo(last: string): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'passerby-migrations-'));
    folders.push(folder);
    for (const file of readdirSync(migrations).filter((name) => name < last)) {
      cpSync(new URL(file, migrations), join(folder, file));
    }
    await migrateFrom(pathToFileURL(`${folder}/`));
  }

  test('sums of hours stay that were kept, of devices that were behind everybody, and of those before', async () => {
    await migrateUpTo('0025');
    for (const device of ['behind', 'before', 'usual']) {
      for (const [number, opened] of ['2026-04-01T12:10Z', '2026-04-03T12:10Z', '2026-04-05T12:10Z'].entries()) {
        await owner.query(
          `insert into visits (id, opened_at, device_id, person_id, lane, source, state, ended_at, dwell_ms, config_version, version, created_at)
           values (gen_random_uuid(), $1, $2, 'p', 'live', 'camera', 'closed', $1, $3, 0, 1, $1)`,
          [opened, device, number + 1],
        );
      }
    }
    const sums = async () =>
      (await owner.query('select device_id, hour, visits, dwell_ms from visits_hourly order by device_id, hour')).rows;
    const told = await sums();
    expect(told).toHaveLength(9);
    await owner.query("select keep_rollups('2026-04-02', 'behind'), keep_rollups('2026-04-04')");
    await owner.query("select keep_rollups('2026-04-06', 'before')");
    await owner.query("delete from visits where opened_at < '2026-04-02' or device_id = 'before'");
    expect(await sums()).toEqual(told);
    await migrateFrom(migrations);
    expect(await sums()).toEqual(told);
    await owner.query("select keep_rollups('2026-04-07', '', array['visits_hourly'], array['before'])");
    await owner.query("delete from visits where opened_at < '2026-04-07'");
    expect(await sums()).toEqual(told);
  });

  test('events that were there become visits, and are counted; and which observations were the last is known', async () => {
    await migrateUpTo('0014');
    const told = { person_id: 'P', state: 'closed', dwell_ms: 9_000, dwell_min_ms: 9_000, dwell_max_ms: 9_400 };
    const whole = { ...told, last_seen_at: Date.UTC(2026, 4, 1, 12, 0, 9, 125), sightings: 45, confidence: 0.875 };
    for (const [number, hour, type, data] of [
      [1, '11:59:59.999', 'motion', {}],
      [2, '12:00:00.125', 'visit', whole],
      [3, '12:30', 'visit', { ...told, state: 'opened', last_seen_at: null, sightings: 1, confidence: null }],
      [4, '12:59', 'motion', {}],
      // As a release tells of it that this one does not know.
      [5, '12:59', 'visit', { somebody: 'P' }],
    ]) {
      const id = `00000000-0000-4000-8000-00000000000${number}`;
      await owner.query(
        `insert into events (
           id, occurred_at, type, device_id, version, ended_at, lane, time_quality, model, config_version, data, created_at
         )
         values ($1, $2, $3, 'camera', 4, $4, 'live', 'ntp', 'm', 2, $5, '2026-05-01T13:00Z')`,
        [id, `2026-05-01T${hour}Z`, type, data === whole ? '2026-05-01T12:00:09.125Z' : null, JSON.stringify(data)],
      );
    }
    await migrateUpTo('0018');
    for (const [seq, lane, outcome] of [
      [3, 'live', 'skipped'],
      [9, 'backlog', 'skipped'],
      [2, 'live', 'analysed'],
    ]) {
      await owner.query(
        `insert into observations (
           frame_id, captured_at, device_id, epoch, seq, lane, outcome, frames, last_seq, last_captured_at, config_version
         )
         values (md5($1::text)::uuid, '2026-05-01T12:00Z', 'camera', 1, $1::bigint, $2, $3, 1, $1::bigint, '2026-05-01T12:00Z', 2)`,
        [seq, lane, outcome],
      );
    }
    await migrateFrom(migrations);

    const { rows: last } = await owner.query(
      'select lane, seq, outcome from last_observations join observations using (frame_id, captured_at, lane, outcome) order by lane',
    );
    expect(last).toEqual([
      { lane: 'backlog', seq: '9', outcome: 'skipped' },
      { lane: 'live', seq: '2', outcome: 'analysed' },
    ]);
    const { rows: visits } = await owner.query('select * from visits order by opened_at');
    const same = {
      device_id: 'camera',
      person_id: 'P',
      lane: 'live',
      source: 'camera',
      dwell_ms: '9000',
      dwell_min_ms: '9000',
      dwell_max_ms: '9400',
      time_quality: 'ntp',
      model: 'm',
      config_version: 2,
      version: 4,
      created_at: new Date('2026-05-01T13:00Z'),
    };
    const end = new Date('2026-05-01T12:00:09.125Z');
    expect(visits).toEqual([
      {
        ...same,
        id: '00000000-0000-4000-8000-000000000002',
        opened_at: new Date('2026-05-01T12:00:00.125Z'),
        state: 'closed',
        last_seen_at: end,
        ended_at: end,
        sightings: 45,
        confidence: 0.875,
      },
      {
        ...same,
        id: '00000000-0000-4000-8000-000000000003',
        opened_at: new Date('2026-05-01T12:30Z'),
        state: 'opened',
        last_seen_at: null,
        ended_at: null,
        sightings: 1,
        confidence: null,
      },
    ]);
    const { rows: counts } = await owner.query('select type, hour, count from event_counts order by type, hour');
    expect(counts).toEqual([
      { type: 'motion', hour: new Date('2026-05-01T11:00Z'), count: '1' },
      { type: 'motion', hour: new Date('2026-05-01T12:00Z'), count: '1' },
      { type: 'visit', hour: new Date('2026-05-01T12:00Z'), count: '3' },
    ]);
    const { rows: days } = await owner.query('select type, day::text, events from event_days order by type');
    expect(days).toEqual([
      { type: 'motion', day: '2026-05-01', events: '2' },
      { type: 'visit', day: '2026-05-01', events: '3' },
    ]);
  });

  test('who came and went is summed up by the day', async () => {
    await migrateUpTo('0019');
    await owner.query(
      `insert into occupancy_changes (event_id, delta, at, device_id, zone_id)
       select gen_random_uuid(), delta, at::timestamptz, 'camera', ''
       from (values
         (1, '2026-05-01T12:00Z'), (-1, '2026-05-01T13:00Z'), (1, '2026-05-02T22:00Z'), (-1, '2026-05-03T01:00Z')
       ) as change (delta, at)`,
    );
    await migrateFrom(migrations);
    expect((await owner.query('select day::text, people from occupancy_days order by day')).rows).toEqual([
      { day: '2026-05-02', people: 1 },
      { day: '2026-05-03', people: -1 },
    ]);
  });

  test('events that were there are found by their numbers', async () => {
    await migrateUpTo('0027');
    // Weeks begin on Thursdays, also before there were any.
    await owner.query(
      `insert into events (id, occurred_at, number, type, device_id, version, lane, config_version, data, created_at)
       overriding system value
       select gen_random_uuid(), at::timestamptz, number, 'motion', 'camera', 1, 'live', 0, '{}', now()
       from (values
         ('2026-05-06T23:59:59Z', 999), ('2026-05-07T00:00Z', 1000), ('2026-05-13T23:59:59Z', 1999), ('1969-12-30T00:00Z', 1001)
       ) as event (at, number)`,
    );
    await migrateFrom(migrations);
    const { rows } = await owner.query('select thousand, week::text from event_numbers order by 1, 2');
    expect(rows).toEqual([
      { thousand: '0', week: '2026-04-30' },
      { thousand: '1', week: '1969-12-25' },
      { thousand: '1', week: '2026-05-07' },
    ]);
  });

  test('captures that were there are of whole pictures, also where they are compressed', async () => {
    await migrateUpTo('0018');
    await owner.query(
      `insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, blob_key, state)
       select gen_random_uuid(), '2026-05-01T12:00Z', 'camera', 1, seq, 'live', seq || '.jpg', 'done'
       from generate_series(1, 3) as seq`,
    );
    const { rows: tables } = await owner.query("select is_hypertable('captures')");
    if (tables[0]?.is_hypertable) {
      // Whose own job may be at it, and be the first.
      const compress = "select compress_chunk(show_chunks('captures'), if_not_compressed => true)";
      const chunks =
        "select bool_and(is_compressed) as done from timescaledb_information.chunks where hypertable_name = 'captures'";
      await owner.query(compress).catch(() => undefined);
      await expect.poll(async () => (await owner.query(chunks)).rows[0]?.done).toBe(true);
    }
    await migrateFrom(migrations);
    const whole = 'select seq from captures where downscaled is null and sent_sha256 is null order by seq';
    expect((await owner.query(whole)).rows).toEqual([{ seq: '1' }, { seq: '2' }, { seq: '3' }]);
    await owner.query("update captures set downscaled = 'kept' where seq = 2");
    expect((await owner.query(whole)).rows).toEqual([{ seq: '1' }, { seq: '3' }]);
  });
}

describe('upgrades on PostgreSQL', () => upgrades(startDatabase));

describeWith('timescale', 'upgrades on TimescaleDB', ({ url }) => upgrades(() => startTimescaleDatabase(url)));
