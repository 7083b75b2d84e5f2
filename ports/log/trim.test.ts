import { afterAll, beforeAll, expect, test } from 'vitest';
import { createManualClock } from '../clock/manual.ts';
import { startDatabase } from '../store/database-under-test.ts';
import { createPostgresStore } from '../store/postgres.ts';
import { statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { createPostgresLog, migratePostgresLog, type PostgresLog } from './postgres.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const selectRecords = statement(import.meta.url, './sql/test-records.sql');

const clock = createManualClock(Date.UTC(2026, 2, 10));
let database: Awaited<ReturnType<typeof startDatabase>>;
let store: Store;
let log: PostgresLog;

beforeAll(async () => {
  database = await startDatabase();
  await migratePostgresLog(database.connectionString);
  store = createPostgresStore({ connectionString: database.connectionString, connectionsMax: 4, name: 'test' });
  log = await createPostgresLog({
    store,
    clock,
    partitionCount: 1,
    topics: [
      { name: 'read', cleanup: 'delete', retentionMs: 7 * DAY_MS },
      { name: 'half-read', cleanup: 'delete', retentionMs: 7 * DAY_MS },
      { name: 'unread', cleanup: 'delete', retentionMs: 2 * DAY_MS },
      { name: 'state', cleanup: 'compact', retentionMs: null },
    ],
  });
});
afterAll(async () => {
  await log.close();
  await database.stop();
});

const append = (topic: string, keys: readonly string[]) =>
  log.append(
    topic,
    keys.map((key) => ({ key, value: Buffer.from(key) })),
  );

/** Has a group open a topic, and commit so many of its records, one by one. */
async function consume(group: string, topic: string, count: number): Promise<void> {
  const stop = new AbortController();
  let left = count;
  const open = async () => {
    if (left === 0) stop.abort();
    return { state: null };
  };
  const step = async () => {
    left -= 1;
    if (left === 0) stop.abort();
    return { state: null, outputs: [] };
  };
  await log.consume({ topic, group, batchRecordsMax: 1, open, step }, stop.signal);
}

async function kept(topic: string): Promise<string[]> {
  const rows = await store.run<{ topic: string; key: string }>(selectRecords);
  return rows.filter((row) => row.topic === topic).map(({ key }) => key);
}

test('what all groups have consumed goes after an hour, what nobody reads with its retention, what one has yet to read never', async () => {
  const keys = ['a', 'b', 'c'];
  for (const topic of ['read', 'half-read', 'unread', 'state']) await append(topic, keys);
  await consume('fast', 'read', 2);
  await consume('slow', 'read', 1);
  await consume('fast', 'half-read', 3);
  await consume('slow', 'half-read', 0);

  clock.advance(HOUR_MS);
  expect(await log.trim()).toBe(0);
  clock.advance(1);
  expect(await log.trim()).toBe(1);
  expect(await kept('read')).toEqual(['b', 'c']);
  expect(await kept('half-read')).toEqual(keys);
  expect(await kept('unread')).toEqual(keys);

  await append('read', ['d']);
  await consume('fast', 'read', 2);
  await consume('slow', 'read', 3);
  // Two of an hour ago, and one of just now.
  expect(await log.trim()).toBe(2);
  expect(await kept('read')).toEqual(['d']);

  clock.advance(2 * DAY_MS - HOUR_MS - 1);
  expect(await log.trim()).toBe(1);
  expect(await kept('unread')).toEqual(keys);
  clock.advance(1);
  expect(await log.trim()).toBe(3);
  expect(await kept('unread')).toEqual([]);

  clock.advance(1_000 * DAY_MS);
  expect(await log.trim()).toBe(0);
  expect(await kept('half-read')).toEqual(keys);
  expect(await kept('state')).toEqual(keys);

  await consume('slow', 'half-read', 3);
  expect(await log.trim()).toBe(3);
  expect(await kept('half-read')).toEqual([]);
});

test('what all groups have consumed of one key goes at once, where that is asked for', async () => {
  for (const topic of ['read', 'unread', 'state']) await append(topic, ['x', 'y', 'x', 'x']);
  const before = await kept('read');
  expect(before).toEqual(['x', 'x', 'x', 'y']);
  await consume('fast', 'read', 4);
  await consume('slow', 'read', 3);
  expect(await log.eraseConsumed?.('x')).toBe(2);
  expect(await kept('read')).toEqual(['x', 'y']);
  // What nobody has begun to read, and what is newest of a key, stays.
  expect((await kept('unread')).filter((key) => key === 'x')).toHaveLength(3);
  expect(await kept('state')).toContain('x');
  expect(await log.eraseConsumed?.('nobody')).toBe(0);
});
