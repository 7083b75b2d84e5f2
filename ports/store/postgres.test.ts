import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Outage, Unusable } from '../errors.ts';
import { readServerPid } from './embedded/orphan.ts';
import { type EmbeddedServer, startEmbeddedServer } from './embedded/server.ts';
import { createPostgresStore } from './postgres.ts';
import { statement } from './statement.ts';
import type { Store } from './store.ts';

const sql = {
  createTable: statement(import.meta.url, './sql/test-create-table.sql'),
  insert: statement(import.meta.url, './sql/test-insert.sql'),
  sleep: statement(import.meta.url, './sql/test-sleep.sql'),
  terminateOthers: statement(import.meta.url, './sql/test-terminate-others.sql'),
};

let folder: string;
let server: EmbeddedServer;
let store: Store;
let operator: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'passerby-store-'));
  server = await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) });
  store = open('subject');
  operator = open('operator');
  await store.run(sql.createTable);
});
afterAll(async () => {
  await Promise.all([store.close(), operator.close()]);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => untilUp());

function open(name: string, statementTimeoutMs = 5_000): Store {
  return createPostgresStore({
    connectionString: server.connectionString,
    connectionsMax: 3,
    name,
    statementTimeoutMs,
  });
}

async function untilUp(): Promise<void> {
  await expect.poll(() => operator.check().then(() => 'up', String), { timeout: 10_000 }).toBe('up');
}

async function notes(): Promise<readonly unknown[]> {
  const rows = await operator.run<{ note: string }>({ name: 'notes', text: 'table notes' });
  return rows.map(({ note }) => note);
}

const terminate = () => operator.run(sql.terminateOthers, ['passerby subject']);

test('what a transaction wrote is there, or nothing of it', async () => {
  await store.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['kept 1']);
    await transaction.run(sql.insert, ['kept 2']);
  });
  const failing = store.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['dropped']);
    throw new TypeError('changed my mind');
  });
  await expect(failing).rejects.toThrow(TypeError);
  expect(await notes()).toEqual(['kept 1', 'kept 2']);
});

test.each([
  ['a value twice', 'unique'],
  ['a text with a NUL', 'null\0byte'],
])('a statement that the server refuses is no outage: %s', async (_what, note) => {
  const twice = store.transaction(async (transaction) => {
    await transaction.run(sql.insert, [note]);
    await transaction.run(sql.insert, [note]);
  });
  const error: unknown = await twice.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(pg.DatabaseError);
  expect(error).not.toBeInstanceOf(Outage);
  await store.check();
});

test('a failed statement that nobody minds does not pass for a commit', async () => {
  const quiet = store.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['lost']);
    await transaction.run(sql.insert, ['lost']).catch(() => undefined);
  });
  await expect(quiet).rejects.toThrow('nothing was committed');
  expect(await notes()).not.toContain('lost');
});

test('a connection that ends within a transaction is an outage, and leaves nothing', async () => {
  const cut = store.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['cut']);
    await terminate();
    await transaction.run(sql.insert, ['after the cut']);
  });
  await expect(cut).rejects.toThrow(Outage);
  await store.check();
  expect(await notes()).not.toContain('cut');
});

test('a connection that ends before its commit is an outage, and leaves nothing', async () => {
  const cut = store.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['uncommitted']);
    await terminate();
  });
  await expect(cut).rejects.toThrow(Outage);
  expect(await notes()).not.toContain('uncommitted');
});

test('connections that end while idle are replaced unnoticed', async () => {
  await Promise.all([store.check(), store.check(), store.check()]);
  await terminate();
  await expect.poll(() => store.check().then(() => 'up', String)).toBe('up');
});

test('a connection that ends under a statement is an outage', async () => {
  const asleep = store.run(sql.sleep, [20]).catch((error: unknown) => error);
  await expect.poll(async () => (await terminate()).length).toBeGreaterThan(0);
  expect(await asleep).toBeInstanceOf(Outage);
});

test('a statement that takes too long is an outage, and its connection is of use again', async () => {
  const impatient = open('impatient', 200);
  await expect(impatient.run(sql.sleep, [20])).rejects.toThrow(Outage);
  await expect(impatient.transaction((transaction) => transaction.run(sql.sleep, [20]))).rejects.toThrow(Outage);
  await impatient.check();
  await impatient.close();
});

test.each([
  ['kept for all values', false],
  ['made for the values', true],
])('a plan is %s, as the store is opened', async (_, plansByValues) => {
  const planning = createPostgresStore({
    connectionString: server.connectionString,
    connectionsMax: 1,
    name: 'planning',
    plansByValues,
  });
  const text = 'select note from notes where $1::text is null or note = $1';
  for (let time = 0; time < 10; time += 1) await planning.run({ name: 'filtered', text }, [null]);
  const [kept] = await planning.run<{ generic_plans: number }>(
    { name: 'plans', text: 'select generic_plans from pg_prepared_statements where name = $1' },
    ['filtered'],
  );
  expect((kept?.generic_plans ?? 0) > 0).toBe(!plansByValues);
  await planning.close();
});

test('a process that slept within a transaction has met an outage', async () => {
  const sleepy = open('sleepy', 100);
  const slept = sleepy.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['slept']);
    await new Promise((settle) => setTimeout(settle, 500));
    await transaction.run(sql.insert, ['woke up']);
  });
  await expect(slept).rejects.toThrow(Outage);
  expect(await notes()).not.toContain('slept');
  await sleepy.close();
});

test('a server that is killed is an outage until it is back, with all that was committed', async () => {
  await store.run(sql.insert, ['before the kill']);
  const inHand = store.transaction(async (transaction) => {
    await transaction.run(sql.insert, ['in hand']);
    const pid = await readServerPid(join(folder, 'postgres'));
    if (pid !== null) process.kill(pid, 'SIGKILL');
    await new Promise((settle) => setTimeout(settle, 50));
    await transaction.run(sql.sleep, [1]);
  });
  await expect(inHand).rejects.toThrow(Outage);
  const whileDown: unknown = await store.run(sql.insert, ['while down']).catch((error: unknown) => error);
  expect(whileDown).toBeInstanceOf(Outage);
  await untilUp();
  await store.check();
  expect(await notes()).toContain('before the kill');
  expect(await notes()).not.toContain('in hand');
});

test.each([
  ['password', (url: URL) => Object.assign(url, { password: 'wrong' }), /refused: password authentication failed/],
  [
    'database',
    (url: URL) => Object.assign(url, { pathname: '/nowhere' }),
    /refused: database "nowhere" does not exist/,
  ],
])('a wrong %s is told in words', async (_, change, told) => {
  const connectionString = change(new URL(server.connectionString)).href;
  const wrong = createPostgresStore({ connectionString, connectionsMax: 1, name: 'wrong' });
  const refused = wrong.run(sql.insert, ['x']);
  await expect(refused).rejects.toThrow(Unusable);
  await expect(refused).rejects.toThrow(told);
  await wrong.close();
});

test('no server at all, and one that never answers, are outages', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((settle) => silent.listen(0, '127.0.0.1', settle));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const at = (place: string) =>
    createPostgresStore({ connectionString: `postgres://x:y@${place}/z`, connectionsMax: 2, name: 'lost' });
  for (const lost of [at('127.0.0.1:1'), at(`127.0.0.1:${port}`)]) {
    await Promise.all([
      expect(lost.check()).rejects.toThrow(Outage),
      expect(lost.transaction(async () => undefined)).rejects.toThrow(Outage),
    ]);
    await lost.close();
  }
  silent.close();
});
