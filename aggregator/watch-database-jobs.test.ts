import pg from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../ports/servers-under-test.ts';
import { startDatabase, startTimescaleDatabase } from '../ports/store/database-under-test.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { logTopics } from '../schemas/topics.ts';
import { migrations } from './aggregator.ts';
import { createDatabaseJobsWatch } from './watch-database-jobs.ts';

/** Of each job whether it fails, as a scrape tells it. */
async function told({ store }: ServicesUnderTest): Promise<Readonly<Record<string, number>>> {
  const metrics = new Registry();
  await createDatabaseJobsWatch({ store, metrics }).look();
  const [gauge] = await metrics.getMetricsAsJSON();
  return Object.fromEntries(
    (gauge?.values ?? []).map(({ labels, value }) => [`${labels.work} ${labels.relation}`, value]),
  );
}

test('on plain PostgreSQL there are none', async () => {
  const services = await startServices({ migrations, topics: logTopics, database: startDatabase });
  try {
    expect(await told(services)).toEqual({});
  } finally {
    await services.stop();
  }
});

describeWith('timescale', "TimescaleDB's own jobs", ({ url }) => {
  let services: ServicesUnderTest;
  let owner: pg.Client;
  beforeAll(async () => {
    services = await startServices({ migrations, topics: logTopics, database: () => startTimescaleDatabase(url) });
    owner = new pg.Client({ connectionString: services.connectionString });
    await owner.connect();
    // Their runs are told by this test alone.
    await owner.query('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
  });
  afterAll(async () => {
    await owner?.end();
    await services?.stop();
  });

  const ran = (ago: { readonly any: string; readonly through: string | null }) =>
    owner.query(
      `insert into _timescaledb_internal.bgw_job_stat (
         job_id, last_start, last_finish, next_start, last_successful_finish, last_run_success, total_runs, total_duration,
         total_duration_failures, total_successes, total_failures, total_crashes, consecutive_failures, consecutive_crashes
       )
       select
         job_id, now() - $1::interval, now() - $1::interval, now(), coalesce(now() - $2::interval, '-infinity'),
         $1::interval is not distinct from $2::interval, 1, '0', '0', 1, 0, 0, 0, 0
       from timescaledb_information.jobs where hypertable_name is not null
       on conflict (job_id) do update set
         last_start = excluded.last_start,
         last_finish = excluded.last_finish,
         last_successful_finish = excluded.last_successful_finish,
         last_run_success = excluded.last_run_success`,
      [ago.any, ago.through],
    );

  // Sums by the hour are brought up to date every quarter of an hour, captures are looked at each hour, the others twice a day.
  const SUMS = ['crowds_hourly_live', 'visits_hourly_live', 'zones_hourly_live'].map(
    (view) => `policy_refresh_continuous_aggregate ${view}`,
  );
  const CAPTURES = 'policy_compression captures';
  const ALL = [...SUMS, CAPTURES, 'policy_compression events', 'policy_compression visits'];

  describe.each([
    ['went through', { any: '1 min', through: '1 min' }, []],
    ['failed, and had gone through just before', { any: '1 min', through: '2 min' }, ALL],
    ['never went through', { any: '1 min', through: null }, ALL],
    ['went through an hour ago, and have not been run since', { any: '1 h', through: '1 h' }, SUMS],
    ['went through four hours ago', { any: '4 h', through: '4 h' }, [...SUMS, CAPTURES]],
    ['went through two days ago', { any: '2 days', through: '2 days' }, ALL],
  ])('that %s', (_, ago, failing) => {
    test('are told so', async () => {
      await ran(ago);
      const expected = Object.fromEntries(ALL.map((job) => [job, failing.includes(job) ? 1 : 0]));
      expect(await told(services)).toEqual(expected);
    });
  });

  test('that have not been run at all are told as failing', async () => {
    await owner.query('delete from _timescaledb_internal.bgw_job_stat');
    expect(await told(services)).toEqual(Object.fromEntries(ALL.map((job) => [job, 1])));
  });
});
