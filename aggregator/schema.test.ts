import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Unusable } from '../ports/errors.ts';
import { startPlainDatabase } from '../ports/store/database-under-test.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { expectGoldenSchema } from '../ports/store/schema-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { migrations } from './aggregator.ts';

let database: Awaited<ReturnType<typeof startPlainDatabase>>;
let store: Store;

beforeAll(async () => {
  database = await startPlainDatabase();
  store = createPostgresStore({ connectionString: database.connectionString, connectionsMax: 1, name: 'test' });
});
afterAll(async () => {
  await store.close();
  await database.stop();
});

const migrateOnce = () =>
  migrate({ connectionString: database.connectionString, folder: migrations, table: 'migrations' });

/** What has been migrated, and when. */
const done = () =>
  store.run<{ name: string; run_on: Date }>({ name: 'rows-of-migrations', text: 'table migrations order by id' });

test('of three processes that migrate at once one does the work, and all go on', async () => {
  await Promise.all([migrateOnce(), migrateOnce(), migrateOnce()]);
  const names = (await readdir(migrations)).map((file) => basename(file, '.sql'));
  expect((await done()).map(({ name }) => name)).toEqual(names.sort());
});

test('the migrations add up to the golden schema', () =>
  expectGoldenSchema(store, 'public', new URL('./schema.golden.txt', import.meta.url)));

test('migrated again, nothing happens', async () => {
  const before = await done();
  await migrateOnce();
  expect(await done()).toEqual(before);
});

test('tables of a newer release are refused, and left as they are', async () => {
  await store.run({ name: 'newer', text: `insert into migrations (name, run_on) values ('9999_to_come', now())` });
  const before = await done();
  await expect(migrateOnce()).rejects.toThrow(Unusable);
  await expect(migrateOnce()).rejects.toThrow('9999_to_come');
  expect(await done()).toEqual(before);
});
