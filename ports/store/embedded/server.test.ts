import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Unusable } from '../../errors.ts';
import { createPostgresStore } from '../postgres.ts';
import { statement } from '../statement.ts';
import type { Store } from '../store.ts';
import { readServerPid } from './orphan.ts';
import { type EmbeddedServer, startEmbeddedServer } from './server.ts';

const sql = {
  createTable: statement(import.meta.url, '../sql/test-create-table.sql'),
  insert: statement(import.meta.url, '../sql/test-insert.sql'),
};

let folder: string;
let undo: (() => Promise<unknown>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'passerby-server-'));
  undo = [() => rm(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

async function start(where = folder): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ folder: where, log: pino({ level: 'silent' }) });
  undo.push(() => server.stop());
  return server;
}

function connect({ connectionString }: Pick<EmbeddedServer, 'connectionString'>): Store {
  const store = createPostgresStore({ connectionString, connectionsMax: 2, name: 'test' });
  undo.push(() => store.close());
  return store;
}

const cluster = () => join(folder, 'postgres');

async function killServer(): Promise<number> {
  const pid = await readServerPid(cluster());
  if (pid === null) throw new Error('no server runs');
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** Which is left behind by its process, killed with -9, and has one note. */
async function leaveServer(): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      `import { pino } from 'pino';
       import { startEmbeddedServer } from ${JSON.stringify(fileURLToPath(new URL('./server.ts', import.meta.url)))};
       const folder = ${JSON.stringify(folder)};
       console.log((await startEmbeddedServer({ folder, log: pino({ level: 'silent' }) })).connectionString);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const connectionString = await new Promise<string>((settle) =>
    child.stdout.once('data', (bytes) => settle(String(bytes).trim())),
  );
  const before = connect({ connectionString });
  await before.run(sql.createTable);
  await before.run(sql.insert, ['of the killed one']);
  child.kill('SIGKILL');
  await new Promise((settle) => child.once('exit', settle));
  return (await readServerPid(cluster())) ?? 0;
}

const notes = (store: Store) => store.run({ name: 'notes', text: 'table notes' });

/** Resolves when the next one answers. */
async function killAndAwait(store: Store): Promise<void> {
  const killed = await killServer();
  // A worker of the killed server may answer for a moment longer.
  const next = async () => ![killed, null].includes(await readServerPid(cluster()));
  const isUp = async () =>
    (await next()) &&
    (await store.check().then(
      () => true,
      () => false,
    ));
  await expect.poll(isUp, { timeout: 10_000, interval: 20 }).toBe(true);
}

test('killed with -9, again and again, it is back within seconds and has what was committed', async () => {
  const store = connect(await start());
  await store.run(sql.createTable);
  for (const note of ['first', 'second']) {
    await store.run(sql.insert, [note]);
    const killedMs = performance.now();
    await killAndAwait(store);
    expect(performance.now() - killedMs).toBeLessThan(5_000);
  }
  expect(await notes(store)).toEqual([{ note: 'first' }, { note: 'second' }]);
});

test('killed with -9, it gives out no number again, also of a table that was filled where it was made', async () => {
  const store = connect(await start());
  const insert = { name: 'insert', text: 'insert into numbered default values returning number' };
  await store.transaction(async (within) => {
    const text = 'create table numbered (number bigint generated always as identity primary key)';
    await within.run({ name: 'create', text });
    await within.run(insert);
  });
  await store.run(insert);
  await killAndAwait(store);
  const [{ number = 0 } = {}] = await store.run<{ number: number }>(insert);
  expect(number).toBeGreaterThan(2);
});

test('stopped, it is gone at once, clients or not, and a stop comes twice without harm', async () => {
  const server = await start();
  const store = connect(server);
  await store.run(sql.createTable);
  const askedMs = performance.now();
  await server.stop();
  expect(performance.now() - askedMs).toBeLessThan(2_000);
  expect(await readServerPid(cluster())).toBeNull();
  await server.stop();
  expect(await notes(connect(await start()))).toEqual([]);
});

test('stopped while it is down, it does not come back', async () => {
  const server = await start();
  await killServer();
  await server.stop();
  expect(await readServerPid(cluster())).toBeNull();
});

test('what keeps it from coming up is told in its own words, while it is tried again and in the end', async () => {
  await (await start()).stop();
  const control = join(cluster(), 'global', 'pg_control');
  await rename(control, `${control}.away`);
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void said.push(line) });
  const failed: unknown = await startEmbeddedServer({ folder, log, readyWithinMs: 3_000 }).catch((error) => error);
  expect(failed).toBeInstanceOf(Unusable);
  expect((failed as Unusable).message).toContain('pg_control');
  expect(said.map((line) => JSON.parse(line).lastWords)).toContainEqual(expect.stringContaining('pg_control'));

  await rename(`${control}.away`, control);
  await connect(await start()).check();
});

test('one left behind by a process that was killed is stopped by the next start, with its data kept', async () => {
  const orphan = await leaveServer();
  expect(orphan).toBeGreaterThan(0);

  const store = connect(await start());
  expect(await readServerPid(cluster())).not.toBe(orphan);
  expect(() => process.kill(orphan, 0)).toThrow('ESRCH');
  expect(await notes(store)).toEqual([{ note: 'of the killed one' }]);
});

test.runIf(process.platform === 'linux')(
  'one whose folder was moved away is stopped before another database lies in its place',
  async () => {
    const orphan = await leaveServer();
    const moved = `${folder}.moved`;
    undo.push(() => rm(moved, { recursive: true, force: true }));
    await rename(folder, moved);
    await mkdir(folder);
    await connect(await start()).run(sql.createTable);
    expect(() => process.kill(orphan, 0)).toThrow('ESRCH');
    expect(await notes(connect(await start(moved)))).toEqual([{ note: 'of the killed one' }]);
  },
);

test('a process that merely has the number of a server that was killed is left alone', async () => {
  await (await start()).stop();
  const bystander = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1_000)'], { stdio: 'ignore' });
  undo.push(async () => bystander.kill('SIGKILL'));
  await writeFile(join(cluster(), 'postmaster.pid'), `${bystander.pid}\n${cluster()}\n`);
  await connect(await start()).check();
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
});

test('a data folder that was left half-made is made anew', async () => {
  await mkdir(`${cluster()}.new`);
  await writeFile(join(`${cluster()}.new`, 'PG_VERSION'), '18\n');
  await writeFile(join(folder, 'postgres.password'), 'the-half-made-one\n', { mode: 0o600 });
  await connect(await start()).check();
  expect(existsSync(`${cluster()}.new`)).toBe(false);
  expect(await readFile(join(folder, 'postgres.password'), 'utf8')).not.toContain('half-made');
});

test('nobody else may read the password', async () => {
  await start();
  for (const file of ['postgres.password', 'postgres.url']) {
    expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
  }
});

test.runIf(process.getuid?.() === 0).each([0o700, 0o755])(
  'root may keep it below a folder of mode %o',
  async (mode) => {
    const below = join(folder, 'home', 'data');
    await mkdir(below, { recursive: true });
    await chmod(folder, 0o755);
    await chmod(join(folder, 'home'), mode);
    await connect(await start(below)).check();
    expect((await stat(join(below, 'postgres'))).uid).not.toBe(0);
  },
);
