import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase } from '../store/database-under-test.ts';
import { createPostgresStore } from '../store/postgres.ts';
import { statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { DatabaseInUse, holdLog } from './hold.ts';

const selectHolders = statement(import.meta.url, './sql/test-lock-holders.sql');
const terminateOthers = statement(import.meta.url, '../store/sql/test-terminate-others.sql');
const logger = pino({ level: 'silent' });

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

const hold = () => holdLog(database.connectionString, logger);

async function holders(): Promise<number[]> {
  return (await store.run<{ pid: number }>(selectHolders)).map(({ pid }) => pid);
}

test('a database has one holder at a time', async () => {
  const first = await hold();
  await expect(hold()).rejects.toThrow(DatabaseInUse);
  await expect(hold()).rejects.toThrow('Another Passerby is using this database');
  await first.release();
  const second = await hold();
  await expect(hold()).rejects.toThrow(DatabaseInUse);
  await second.release();
  expect(await holders()).toEqual([]);
});

test('a holder keeps it, however soon the server ends those who say nothing in a transaction', async () => {
  const setting = `alter role current_user set idle_in_transaction_session_timeout`;
  await store.run({ name: 'impatient', text: `${setting} = '100ms'` });
  const first = await hold();
  const before = await holders();
  await sleep(600);
  expect([before.length, await holders()]).toEqual([1, before]);
  await first.release();
  await store.run({ name: 'patient', text: `${setting} to default` });
});

test('a holder whose connection is lost takes it again by itself, until it is released', async () => {
  const first = await hold();
  const before = await holders();
  expect(before).toHaveLength(1);
  expect(await store.run(terminateOthers, ['passerby lock'])).toEqual([{ terminated: true }]);
  await expect
    .poll(async () => (await holders()).filter((pid) => !before.includes(pid)), { timeout: 5_000 })
    .toHaveLength(1);
  await expect(hold()).rejects.toThrow(DatabaseInUse);

  await first.release();
  // As long as it would wait for the database before it tried again.
  await sleep(700);
  expect(await holders()).toEqual([]);
  await (await hold()).release();
});
