import { onTestFinished, test } from 'vitest';
import { startDatabase } from '../store/database-under-test.ts';
import { createPostgresStore } from '../store/postgres.ts';
import { expectGoldenSchema } from '../store/schema-under-test.ts';
import { migratePostgresLog } from './postgres.ts';

test('the migrations add up to the golden schema, however often and however many at once run them', async () => {
  const { connectionString, stop } = await startDatabase();
  const store = createPostgresStore({ connectionString, connectionsMax: 1, name: 'test' });
  onTestFinished(async () => {
    await store.close();
    await stop();
  });
  await Promise.all([migratePostgresLog(connectionString), migratePostgresLog(connectionString)]);
  await migratePostgresLog(connectionString);
  await expectGoldenSchema(store, 'log', new URL('./schema.golden.txt', import.meta.url));
});
