import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase } from '../ports/store/database-under-test.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { expectGoldenSchema } from '../ports/store/schema-under-test.ts';
import type { Store } from '../ports/store/store.ts';
import { migrations } from './aggregator.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;
let store: Store;

beforeAll(async () => {
  database = await startDatabase();
  store = createPostgresStore({ connectionString: database.connectionString, connectionsMax: 1, name: 'test' });
});
afterAll(async () => {
  await store.close();
  await database.stop();
});

async function migrated(): Promise<string[]> {
  const names: string[] = [];
  const { connectionString } = database;
  await migrate({ connectionString, folder: migrations, table: 'migrations', onMigrated: (name) => names.push(name) });
  return names;
}

test('of three processes that migrate at once one does the work, and all go on', async () => {
  const done = await Promise.all([migrated(), migrated(), migrated()]);
  expect(done.filter((names) => names.length > 0)).toHaveLength(1);
  expect(done.flat()[0]).toBe('0001_start');
});

test('the migrations add up to the golden schema', () =>
  expectGoldenSchema(store, 'public', new URL('./schema.golden.txt', import.meta.url)));

test('migrated again, nothing happens', async () => {
  expect(await migrated()).toEqual([]);
});
