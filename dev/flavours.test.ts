import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../ports/servers-under-test.ts';
import {
  type DatabaseUnderTest,
  startPlainDatabase,
  startTimescaleDatabase,
} from '../ports/store/database-under-test.ts';
import { statement } from '../ports/store/statement.ts';
import { read, repositoryFiles } from './compose/compose-file-under-test.ts';
import { type Flavour, startFlavour } from './flavours/flavour-under-test.ts';
import {
  events,
  frames,
  HOUR_MS,
  letters,
  NOW_MS,
  observations,
  PLACES,
  visit,
} from './flavours/history-under-test.ts';
import {
  askedElsewhere,
  isUnboundedChange,
  readQuestions,
  unaskedStatements,
  unboundedChanges,
} from './flavours/questions-under-test.ts';

test('every statement that reads a hypertable or a rollup is asked', () => {
  expect(unaskedStatements()).toEqual([]);
});

test.each(Object.entries(askedElsewhere))('those in %s by %s', (folder, file) => {
  expect(repositoryFiles.filter((name) => name.startsWith(folder) && name.endsWith('.sql')).length).toBeGreaterThan(0);
  expect(read(file)).toContain("describeWith('timescale'");
});

test('every statement that changes rows of a hypertable says between which times they are', () => {
  expect(unboundedChanges()).toEqual([]);
});

test.each([
  [false, 'update events set data = $2 where occurred_at = $1'],
  [false, 'delete from visits using gone where visits.id = gone.id and visits.opened_at between $1 and $2'],
  [true, 'update events set data = $2 where id = $1'],
  [true, 'delete from visits using gone where visits.id = gone.id and visits.device_id = any($1)'],
  [true, 'update events set data = gone.data from gone where gone.occurred_at = $1 and events.id = gone.id'],
  [true, 'delete from visits using events where events.occurred_at = $1 and visits.id = events.id'],
  [true, "with gone as (\n  delete from captures where state = 'done'\n)\nselect from gone where captured_at = $1"],
])('whether it unpacks more than it must: %s, of %s', (isUnbounded, text) => {
  expect(isUnboundedChange(text)).toBe(isUnbounded);
});

const HYPERTABLES = {
  captures: 'captured_at',
  events: 'occurred_at',
  observations: 'captured_at',
  visits: 'opened_at',
};
const ROLLUPS = ['visits_hourly', 'zones_hourly', 'crowds_hourly', 'visits_daily'];
/** A time at which a chunk ends: weeks of hypertables begin on Thursdays. */
const BEFORE = new Date('2026-04-09T00:00:00Z');

async function rollups({ run }: Flavour): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const name of ROLLUPS) answers.push(await run(`select * from ${name} order by 1, 2, 3`));
  return answers;
}

/** As TimescaleDB is set up, but that the bound at which it refuses to unpack more is met by a few rows already. */
async function startMeanDatabase(url: string): Promise<DatabaseUnderTest> {
  const database = await startTimescaleDatabase(url);
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  const name = client.escapeIdentifier(client.database ?? '');
  await client
    .query(`alter database ${name} set timescaledb.max_tuples_decompressed_per_dml_transaction = 10`)
    .finally(() => client.end());
  return database;
}

// The tests tell one story, in its order.
describeWith('timescale', 'TimescaleDB answers what plain PostgreSQL answers', ({ url }) => {
  let plain: Flavour;
  let timescale: Flavour;
  const both = async <Answer>(work: (flavour: Flavour) => Promise<Answer>) =>
    [await work(plain), await work(timescale)] as const;

  beforeAll(async () => {
    plain = await startFlavour(startPlainDatabase);
    timescale = await startFlavour(() => startMeanDatabase(url));
    // Jobs run when they are told to, and not while rows are written.
    await timescale.run('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
    await both(async ({ run, rig }) => {
      await run(PLACES);
      await rig.append('events', 'event', ...events());
      await rig.append('frames', 'frame', ...frames());
      await rig.append('observations', 'observation', ...observations());
      await rig.append('dead-letters', 'dead-letter', ...letters());
      await rig.drain();
    });
  });
  afterAll(() => Promise.all([plain?.stop(), timescale?.stop()]));

  /** What the server's own jobs do now and then, now: so they can, as they were set up. */
  async function runJobs(): Promise<void> {
    const jobs = await timescale.run(
      `select job_id from timescaledb_information.jobs where proc_name ~ 'refresh|compression' order by job_id`,
    );
    expect(jobs).toHaveLength(6);
    for (const { job_id } of jobs) await timescale.run(`call run_job(${job_id})`);
  }

  async function expectSameAnswers(): Promise<void> {
    for (const question of readQuestions()) {
      const [expected, answered] = await both(({ ask }) => ask(question));
      expect(answered, `${question.name} ${JSON.stringify(question.values)}`).toEqual(expected);
    }
  }

  const tell = (...told: Parameters<typeof visit>[]) =>
    both(async ({ rig }) => {
      await rig.append('events', 'event', ...told.map((of) => visit(...of)));
      await rig.drain();
    });
  const visitsOf = async (device: string) =>
    (
      await both(({ run }) =>
        run('select sum(visits)::integer as visits from visits_hourly where device_id = $1', [device]),
      )
    ).map(([row]) => row?.visits);

  test('in tables and views of the same names and columns', async () => {
    const [expected, found] = await both(({ run }) =>
      run(`
        select relnamespace::regnamespace, relname, attname, format_type(atttypid, atttypmod) as type, attnotnull
        from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
        where relnamespace in ('public'::regnamespace, 'results'::regnamespace) and relkind in ('r', 'v')
        order by relnamespace::regnamespace::text collate "C", relname collate "C", attnum
      `),
    );
    expect(found).toEqual(expected);
  });

  test('from rows as they come, and there is something in every answer', async () => {
    await expectSameAnswers();
    for (const question of readQuestions()) {
      expect((await plain.ask(question)).length, `${question.name} ${JSON.stringify(question.values)}`).toBeGreaterThan(
        0,
      );
    }
  });

  test('from chunks that are compressed, and sums that are kept ready', async () => {
    await runJobs();
    const [chunks] = await timescale.run(`
      select count(distinct hypertable_name)::integer as hypertables, bool_and(is_compressed) as compressed
      from timescaledb_information.chunks where hypertable_name in ('captures', 'events', 'visits')
    `);
    expect(chunks).toEqual({ hypertables: 3, compressed: true });
    for (const rollup of ROLLUPS.slice(0, 3)) {
      const [ready] = await timescale.run(`
        select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as name
        from timescaledb_information.continuous_aggregates
        where view_name = '${rollup}_live' and not materialized_only
      `);
      const [counts] = await timescale.run(
        `select (select count(*) from ${ready?.name}) = (select count(*) from ${rollup}) as all_of_them`,
      );
      expect(counts, rollup).toEqual({ all_of_them: true });
    }
    await expectSameAnswers();
  });

  test('how much it takes, as nearly as that is asked for, with what is packed', async () => {
    const growth = statement(import.meta.url, './eval/sql/table-growth.sql').text;
    const packed = await timescale.run(`
      select name, hypertable_size(name::regclass)::integer as wanted, bytes::integer
      from (${growth}) as growth where name in ('captures', 'events', 'visits') order by name`);
    expect(packed.map(({ name }) => name)).toEqual(['captures', 'events', 'visits']);
    for (const { name, wanted, bytes } of packed) {
      expect(Number(bytes) / Number(wanted), `${name} ${bytes} ${wanted}`).toBeCloseTo(1, 1);
    }
  });

  test('of newer versions, and of what comes weeks late', async () => {
    const [before] = await visitsOf('door');
    await tell(
      ['door 30', { device_id: 'door', hoursAgo: 120.25, version: 3, ended_at: NOW_MS - 100 * HOUR_MS }],
      ['door 35', { device_id: 'door', hoursAgo: 140.25, version: 1, ended_at: null }],
      ['door late', { device_id: 'door', hoursAgo: 30 * 24, lane: 'backlog' }],
      ['door late', { device_id: 'door', hoursAgo: 30 * 24, lane: 'backlog', version: 3 }],
      ['door older than all', { device_id: 'door', hoursAgo: 80 * 24, lane: 'backlog' }],
    );
    await runJobs();
    expect(await visitsOf('door')).toEqual([Number(before) + 2, Number(before) + 2]);
    const [longest] = await plain.run(`select max(longest_dwell_ms)::integer as dwell_ms from visits_hourly`);
    expect(longest).toEqual({ dwell_ms: 20.25 * HOUR_MS });
    await expectSameAnswers();
  });

  test('when the rows of old hours have gone, and their sums are kept', async () => {
    const before = await both(rollups);
    const kept = await both(({ run }) => run('select keep_rollups($1) as until', [BEFORE]));
    expect(kept).toEqual([[{ until: BEFORE }], [{ until: BEFORE }]]);
    for (const [table, time] of Object.entries(HYPERTABLES)) {
      await plain.run(`delete from ${table} where ${time} < $1`, [BEFORE]);
      await timescale.run('select drop_chunks($1::regclass, older_than => $2::timestamptz)', [table, BEFORE]);
      const left = await both(({ run }) =>
        run(`select count(*)::integer as rows from ${table} where ${time} < $1`, [BEFORE]),
      );
      expect(left, table).toEqual([[{ rows: 0 }], [{ rows: 0 }]]);
    }
    expect(await both(({ run }) => run('select count(*) > 300 as many from visits'))).toEqual([
      [{ many: true }],
      [{ many: true }],
    ]);
    expect(await both(rollups)).toEqual(before);
    await runJobs();
    expect(await both(rollups)).toEqual(before);
    await expectSameAnswers();
  });

  test('when one device keeps less than the others', async () => {
    const before = await both(rollups);
    const until = new Date('2026-04-20T12:30:00Z');
    await both(async ({ run }) => {
      expect(await run('select keep_rollups($1, $2) as until', [until, 'hall'])).toEqual([
        { until: new Date('2026-04-20T13:00:00Z') },
      ]);
      await run(`delete from visits where device_id = 'hall' and opened_at < $1`, [until]);
      await run(`delete from events where device_id = 'hall' and occurred_at < $1`, [until]);
    });
    await runJobs();
    expect(await both(rollups)).toEqual(before);
    // All of them later: what was kept of the one is not kept again.
    await both(({ run }) => run('select keep_rollups($1)', [new Date('2026-04-23T00:00:00Z')]));
    expect(await both(rollups)).toEqual(before);
    await expectSameAnswers();
  });

  test('when one device keeps more than the others, and of one table alone', async () => {
    const before = await both(rollups);
    const until = new Date('2026-04-23T12:00:00Z');
    await both(async ({ run }) => {
      await run("select keep_rollups($1, '', array['visits_hourly'], array['door'])", [until]);
      await run(`delete from visits where device_id <> 'door' and opened_at < $1`, [until]);
    });
    await runJobs();
    expect(await both(rollups)).toEqual(before);
    await both(({ run }) => run('select keep_rollups($1)', [until]));
    expect(await both(rollups)).toEqual(before);
    await expectSameAnswers();
  });

  test('what comes into an hour that is kept counts no more, and what comes after it does', async () => {
    const [before] = await visitsOf('hall');
    await tell(
      ['hall too late', { device_id: 'hall', hoursAgo: 20 * 24, lane: 'backlog' }],
      ['hall in time', { device_id: 'hall', hoursAgo: 5 * 24, lane: 'backlog' }],
    );
    await runJobs();
    expect(await visitsOf('hall')).toEqual([Number(before) + 1, Number(before) + 1]);
    await expectSameAnswers();
  });

  test('when the sums are defined anew, however often', async () => {
    const sums = await rollups(plain);
    for (let times = 0; times < 2; times += 1) {
      await both(({ run }) => run('call define_rollups()'));
      expect(await both(rollups)).toEqual([sums, sums]);
    }
  });

  test('the hour that is going on is never kept', async () => {
    const kept = await both(({ run }) => run(`select keep_rollups(now() + interval '1 year') <= now() as over`));
    expect(kept).toEqual([[{ over: true }], [{ over: true }]]);
  });
});

describeWith('timescale', 'A database that was plain PostgreSQL, and has TimescaleDB now', ({ url }) => {
  let flavour: Flavour;
  beforeAll(async () => {
    flavour = await startFlavour(() => startTimescaleDatabase(url, { extension: false }));
    await flavour.run(PLACES);
    await flavour.rig.append('events', 'event', ...events());
    await flavour.rig.append('frames', 'frame', ...frames());
    await flavour.rig.append('observations', 'observation', ...observations());
    await flavour.rig.drain();
  });
  afterAll(() => flavour?.stop());

  test('is turned over when it is asked to be, with all that is in it', async () => {
    const { run, ask, rig } = flavour;
    await run('select keep_rollups($1)', [BEFORE]);
    await run('delete from visits where opened_at < $1', [BEFORE]);
    const questions = readQuestions();
    const everything = async () => {
      const answers: unknown[] = [];
      for (const question of questions) answers.push(await ask(question));
      return answers;
    };
    const [rows, sums] = [await everything(), await rollups(flavour)];

    await run('create extension timescaledb');
    for (let times = 0; times < 2; times += 1) {
      await run('call use_timescale()');
      expect(
        await run(
          `select distinct hypertable_name as name from timescaledb_information.chunks where hypertable_schema = 'public' order by name`,
        ),
      ).toEqual(Object.keys(HYPERTABLES).map((name) => ({ name })));
      expect(await everything()).toEqual(rows);
      expect(await rollups(flavour)).toEqual(sums);
    }
    await rig.append(
      'events',
      'event',
      visit('door 3', { device_id: 'door', hoursAgo: 12.25, version: 5, ended_at: NOW_MS }),
    );
    await rig.drain();
    const [row] = await run(`select dwell_ms::integer from visits where version = 5`);
    expect(row).toEqual({ dwell_ms: 12.25 * HOUR_MS });
  });
});
