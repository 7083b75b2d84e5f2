import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../ports/servers-under-test.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { expectGoldenHypertables, expectGoldenTables } from '../ports/store/schema-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { createTimescaleDatabase } from '../ports/store/timescale-under-test.ts';
import { migrations } from './aggregator.ts';

describeWith('timescale', 'the schema on TimescaleDB', ({ url }) => {
  let database: Awaited<ReturnType<typeof createTimescaleDatabase>>;
  let store: Store;

  beforeAll(async () => {
    database = await createTimescaleDatabase(url);
    store = createPostgresStore({ connectionString: database.connectionString, connectionsMax: 1, name: 'test' });
  });
  afterAll(async () => {
    await store?.close();
    await database?.drop();
  });

  const migrateOnce = () =>
    migrate({ connectionString: database.connectionString, folder: migrations, table: 'migrations' });

  test('processes that migrate at once all go on, and the tables are the golden ones', async () => {
    await Promise.all([migrateOnce(), migrateOnce()]);
    await expectGoldenTables(store, 'public', new URL('./schema.golden.txt', import.meta.url));
  });

  test('what is kept by time is so in the golden way', () =>
    expectGoldenHypertables(store, 'public', new URL('./schema.timescale.golden.txt', import.meta.url)));

  test('somebody else’s hypertable, in a schema that may not be used, is no trouble', async () => {
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    try {
      await client.query('begin');
      await client.query('create schema locked create table locked.readings (at timestamptz not null)');
      await client.query("select create_hypertable('locked.readings', by_range('at'))");
      await client.query('set local role passerby_results');
      const { rows } = await client.query(
        "select is_hypertable(oid) as found from pg_class where relname in ('visits', 'users') order by relname",
      );
      expect(rows).toEqual([{ found: false }, { found: true }]);
      const sizes =
        "select table_name from table_sizes() where table_name in ('readings', 'visits') order by table_name";
      expect((await client.query(sizes)).rows).toEqual([{ table_name: 'readings' }, { table_name: 'visits' }]);
    } finally {
      await client.end();
    }
  });

  test('the server has TimescaleDB', async () => {
    const find = { name: 'extensions', text: 'table pg_extension' };
    expect((await store.run<{ extname: string }>(find)).map(({ extname }) => extname)).toContain('timescaledb');
  });
});
