import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlainDatabase } from '../ports/store/database-under-test.ts';
import { migrate } from '../ports/store/migrate.ts';
import { migrations } from './aggregator.ts';

/** Roles are those of a server, migrations those of a database: of both there may be several, and not all may everything. */
let server: Awaited<ReturnType<typeof startPlainDatabase>>;
let superuser: pg.Client;
beforeAll(async () => {
  server = await startPlainDatabase();
  superuser = new pg.Client({ connectionString: server.connectionString });
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await server?.stop();
});

/** A new database, and how its owner comes in. */
async function createDatabase(owner?: string): Promise<string> {
  const name = `other_${randomBytes(4).toString('hex')}`;
  await superuser.query(`create database ${name} ${owner ? `owner ${owner}` : ''}`);
  const url = new URL(server.connectionString);
  url.pathname = `/${name}`;
  if (owner) [url.username, url.password] = [owner, 'secret'];
  return url.href;
}

const migrateAt = (connectionString: string, onWarning?: (warning: string) => void) =>
  migrate({ connectionString, folder: migrations, table: 'migrations', ...(onWarning && { onWarning }) });

async function ask(connectionString: string, ...statements: readonly string[]): Promise<unknown> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    let rows: unknown;
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

const asReader = ['set role passerby_results', 'select count(*)::integer as visits from results.events'];

describe('passerby_results', () => {
  test('is not made by an owner who may make no roles, who says so and goes on', async () => {
    await superuser.query("create role modest login password 'secret'");
    const modest = await createDatabase('modest');
    const warnings: string[] = [];
    await migrateAt(modest, (warning) => warnings.push(warning));
    expect(warnings).toEqual([
      expect.stringContaining('passerby_results was not created'),
      expect.stringContaining('large objects are still let to all'),
    ]);
    expect(await ask(modest, 'select * from results.person_summary')).toEqual([]);
    // By hand, as the README says.
    const url = new URL(server.connectionString);
    url.pathname = new URL(modest).pathname;
    const byHand = [
      'create role passerby_results',
      'grant usage on schema results to passerby_results',
      'grant select on all tables in schema results to passerby_results',
    ];
    await ask(url.href, ...byHand);
    expect(await ask(url.href, ...asReader)).toEqual([{ visits: 0 }]);
    await ask(url.href, 'drop owned by passerby_results', 'drop role passerby_results');
  });

  test('is made once by databases that are migrated at once, and reads in each', async () => {
    const databases: string[] = [];
    for (let number = 0; number < 3; number += 1) databases.push(await createDatabase());
    await Promise.all(databases.map((database) => migrateAt(database)));
    for (const database of databases) expect(await ask(database, ...asReader)).toEqual([{ visits: 0 }]);
  });

  test('that is there is let in by an owner who could not have made it', async () => {
    const modest = await createDatabase('modest');
    await migrateAt(modest);
    const url = new URL(server.connectionString);
    url.pathname = new URL(modest).pathname;
    expect(await ask(url.href, ...asReader)).toEqual([{ visits: 0 }]);
  });

  test('lets whoever is made a member read results, and no table', async () => {
    await migrateAt(server.connectionString);
    await superuser.query("create role ann login password 'secret' in role passerby_results");
    const url = new URL(server.connectionString);
    [url.username, url.password] = ['ann', 'secret'];
    expect(await ask(url.href, 'select * from results.events')).toEqual([]);
    for (const table of ['visits', 'users', 'events']) {
      await expect(ask(url.href, `select * from ${table}`)).rejects.toMatchObject({ code: '42501' });
    }
  });

  for (const owner of [undefined, 'modest']) {
    describe(owner ? 'of an owner who is no superuser' : 'of a superuser', () => {
      let database: string;
      let ann: string;
      beforeAll(async () => {
        database = await createDatabase(owner);
        await migrateAt(database);
        const url = new URL(database);
        [url.username, url.password] = ['ann', 'secret'];
        ann = url.href;
      });

      test('lets nobody fill the disk who only reads', async () => {
        const filling = ['create temporary table mine ()', ...(owner ? [] : ['select lo_create(0)'])];
        filling.push('create table mine ()', 'create table results.mine ()', 'create schema mine');
        for (const statement of filling) {
          await expect(ask(ann, statement), statement).rejects.toMatchObject({ code: '42501' });
        }
        await ask(database, 'create temporary table ours ()');
      });

      test('lets nobody hold up who writes, whatever they lock', async () => {
        const reader = new pg.Client({ connectionString: ann });
        await reader.connect();
        try {
          await reader.query('begin');
          await reader.query('select * from results.events, results.person_summary');
          // Those that once were asked for.
          const advisory = [9012026, 9012027, 9012028, 9012029, 6012026, 6012027, 7241865325823964];
          await reader.query(`select pg_advisory_lock(number) from unnest($1::bigint[]) as number`, [advisory]);
          await reader.query('select pg_advisory_lock(1885434739, part) from generate_series(1, 2) as part');
          const locks = (await ask(
            database,
            `select format('%I.%I', schemaname, tablename) as name, tablename as lock
             from pg_tables where schemaname = 'locks'`,
          )) as readonly { readonly name: string; readonly lock: string }[];
          expect(locks).toHaveLength(10);
          const asked = locks.map(({ name }) => `lock table ${name} in access share mode`);
          asked.push("select take_lock('pairing')", "select try_lock('pairing')", 'select lock_erasure_list()');
          asked.push("select * from find_erased('{x}', '{empty}', '{null}', '{true}')");
          for (const statement of asked) {
            await reader.query('savepoint before');
            await expect(reader.query(statement), statement).rejects.toMatchObject({ code: '42501' });
            await reader.query('rollback to before');
          }
          const impatient = "set lock_timeout = '5s'";
          await ask(database, impatient, 'begin', "select * from find_erased('{x}', '{empty}', '{null}', '{true}')");
          await ask(database, impatient, 'begin', 'select lock_erasure_list()');
          for (const { name } of locks) await ask(database, impatient, 'begin', `lock table ${name} in exclusive mode`);
          await migrateAt(database);
        } finally {
          await reader.end();
        }
      });
    });
  }
});
