import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { Unusable } from '../../errors.ts';
import { findFreePort } from '../../free-ports.ts';
import { statement } from '../statement.ts';
import { findBinaries } from './binaries.ts';
import { stopOrphan } from './orphan.ts';
import { findServerAccount, type ServerAccount } from './server-account.ts';

export interface EmbeddedServer {
  readonly connectionString: string;
  /** Stops the server after its clients have gone, and no longer restarts it. */
  stop(): Promise<void>;
}

export interface EmbeddedServerOptions {
  readonly folder: string;
  readonly log: Logger;
  /** A free one unless it is said. */
  readonly port?: number;
  /** How long its first answer is waited for. */
  readonly readyWithinMs?: number;
}

const DATABASE = 'passerby';
const sql = {
  findDatabase: statement(import.meta.url, './sql/find-database.sql'),
  createDatabase: statement(import.meta.url, './sql/create-database.sql'),
};
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const LAST_WORDS_MAX = 6;

/**
 * Runs PostgreSQL below `folder` for as long as this process lives, and starts it again when it dies. The caller holds
 * the folder's lock.
 */
export async function startEmbeddedServer({
  folder,
  log,
  port: wantedPort,
  readyWithinMs = READY_WITHIN_MS,
}: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const cluster = resolve(folder, 'postgres');
  const binaries = await findBinaries();
  const account = await findServerAccount([binaries.initdb, folder]);
  await stopOrphan(cluster, (serverPid) => log.warn({ serverPid }, 'stopping the PostgreSQL of a run that was killed'));
  if (!existsSync(cluster)) await createCluster(folder, cluster, binaries.initdb, account);

  const password = readFileSync(join(folder, 'postgres.password'), 'utf8').trim();
  const port = wantedPort ?? (await findFreePort());
  const connectionString = `postgres://${DATABASE}:${password}@127.0.0.1:${port}/${DATABASE}`;
  let stopping = false;
  const lastWords: string[] = [];

  const [file, args] = account.command(binaries.postgres, serverArguments(cluster, port));
  // Whatever ends this process short of a kill takes the server along: immediate, and safe as a crash is.
  const endAtOnce = () => child.kill('SIGQUIT');
  process.once('exit', endAtOnce);
  const launch = () => {
    // A session of its own: Ctrl-C in the terminal reaches this process alone, which then stops things in order.
    const child = spawn(file, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment() });
    relayLog(child, log, (line) => lastWords.splice(0, lastWords.length, ...lastWords.slice(1 - LAST_WORDS_MAX), line));
    return child;
  };

  let child = launch();
  const supervise = async () => {
    for (let failures = 0; ; failures += 1) {
      const startedAtMs = performance.now();
      const code = await new Promise<number | string | null>((settle) => {
        child.once('exit', (status, signal) => settle(status ?? signal));
        child.once('error', (error) => settle(error.message));
      });
      if (stopping) return;
      if (performance.now() - startedAtMs > 10_000) failures = 0;
      // After a kill -9 its workers need a moment to notice; until they are gone the next server cannot start.
      const pauseMs = Math.min(100 * 2 ** failures, 2_000);
      // First, since its last words may come after its end.
      await sleep(pauseMs);
      if (stopping) return;
      log.warn({ code, pauseMs, lastWords: lastWords.at(-1) }, 'PostgreSQL ended; starting it again');
      child = launch();
    }
  };
  const supervised = supervise();

  const stop = async () => {
    stopping = true;
    void supervised.then(() => process.off('exit', endAtOnce));
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    const stopped = await Promise.race([supervised.then(() => true), sleep(STOP_WITHIN_MS, false)]);
    if (stopped) return;
    log.warn('PostgreSQL does not stop; ending it at once');
    child.kill('SIGQUIT');
    await supervised;
  };

  try {
    await untilReady(connectionString, { lastWords, readyWithinMs });
  } catch (error) {
    await stop();
    throw error;
  }
  writeFileSync(join(folder, 'postgres.url'), `${connectionString}\n`, { mode: 0o600 });
  return { connectionString, stop };
}

/** Made aside and renamed when whole, so that a kill half-way leaves nothing that looks like a database. */
async function createCluster(folder: string, cluster: string, initdb: string, account: ServerAccount): Promise<void> {
  // A name of its own: the initdb of a start that was killed may still be writing to an older one.
  const unfinished = `${cluster}.new.${process.pid}`;
  for (const name of readdirSync(folder)) {
    if (name.startsWith('postgres.new')) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 10 });
  }
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  account.own(unfinished);
  const passwordFile = join(folder, 'postgres.password');
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  // The server's account reads it once; root reads everything.
  account.own(passwordFile);
  const [file, args] = account.command(initdb, [
    `--pgdata=${unfinished}`,
    `--username=${DATABASE}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    `--pwfile=${passwordFile}`,
  ]);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment() });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const code = await new Promise((settle) => {
    child.once('close', settle);
    child.once('error', (error) => settle(error.message));
  });
  if (code !== 0) throw new Error(`PostgreSQL could not create its data folder ${cluster} (${code}): ${said.trim()}`);
  renameSync(unfinished, cluster);
}

function serverArguments(cluster: string, port: number): string[] {
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 60,
    shared_buffers: '128MB',
    // With minimal, a sequence that was drawn from where it was made gives out the same numbers again after a crash.
    wal_level: 'replica',
    max_wal_senders: 0,
    // Far enough apart to keep an SD card calm.
    max_wal_size: '512MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '',
    log_min_messages: 'warning',
  };
  return [
    '-D',
    cluster,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

function serverEnvironment(): NodeJS.ProcessEnv {
  // PG* variables of the user's shell speak of other servers.
  return Object.fromEntries([
    ...Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_')),
    ['LC_ALL', 'C'],
  ]) as NodeJS.ProcessEnv;
}

/**
 * What the server says is for whoever looks for it: it calls every connection that comes too early fatal. Its own last
 * words are in the error when it does not come up.
 */
function relayLog(child: ChildProcess, log: Logger, remember: (line: string) => void) {
  if (!child.stderr) return;
  createInterface({ input: child.stderr }).on('line', (line) => {
    remember(line);
    const [, severity = 'LOG', text = line] = /^([A-Z]+\d?):\s+(.*)$/.exec(line) ?? [];
    if (severity === 'PANIC') log.error({ severity }, text);
    else log.debug({ severity }, text);
  });
}

async function untilReady(
  connectionString: string,
  { lastWords, readyWithinMs }: { readonly lastWords: readonly string[]; readonly readyWithinMs: number },
): Promise<void> {
  const maintenance = connectionString.replace(/\/\w+$/, '/postgres');
  const deadlineMs = performance.now() + readyWithinMs;
  for (;;) {
    const client = new pg.Client({ connectionString: maintenance, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const found = await client.query(sql.findDatabase.text, [DATABASE]);
      if (found.rowCount === 0) await client.query(sql.createDatabase.text);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) {
        throw new Unusable(`The embedded PostgreSQL does not come up. Its last words:\n${lastWords.join('\n')}`, {
          cause: error,
        });
      }
      await sleep(25);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
