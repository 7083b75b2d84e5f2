import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { readServerPid, stopOrphan } from '../../ports/store/embedded/orphan.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../ports/store/embedded/server.ts';
import type { Server } from './server-process.ts';

export interface PostgresServer extends Server {
  /** Known once it was started for the first time. */
  readonly connectionString: string;
}

const LOOK_EVERY_MS = 25;
const ANSWERS_WITHIN_MS = 30_000;

const clusterOf = (folder: string) => join(folder, 'postgres');

/** The PostgreSQL of `npm start`, which starts again by itself after a kill. */
export function createEmbeddedPostgres({
  folder,
  port,
  say,
}: {
  readonly folder: string;
  readonly port: number;
  readonly say: (line: string) => void;
}): PostgresServer {
  mkdirSync(folder, { recursive: true });
  const log = pino({ level: 'warn', base: null }, { write: (line) => say((JSON.parse(line) as { msg: string }).msg) });
  let server: EmbeddedServer | null = null;
  let connectionString = '';
  return {
    name: 'PostgreSQL',
    get connectionString() {
      return connectionString;
    },
    async start() {
      server ??= await startEmbeddedServer({ folder, log, port });
      connectionString = server.connectionString;
      await untilAnswers(connectionString);
    },
    async stop() {
      await server?.stop();
      server = null;
    },
    async kill() {
      const pid = await readServerPid(clusterOf(folder));
      if (pid === null) return;
      process.kill(pid, 'SIGKILL');
      while ((await readServerPid(clusterOf(folder))) === pid) await sleep(LOOK_EVERY_MS);
    },
  };
}

export const stopLeftoverPostgres = (folder: string, say: (line: string) => void) =>
  stopOrphan(clusterOf(folder), () => say('stopping the PostgreSQL of a killed run'));

/** Somebody else's server: it is used, never stopped. */
export function useServer(connectionString: string): PostgresServer {
  return {
    name: 'PostgreSQL',
    connectionString,
    start: () => untilAnswers(connectionString),
    stop: async () => undefined,
    kill: async () => {
      throw new Error('The server of TIMESCALE_URL is not ours to kill.');
    },
  };
}

async function untilAnswers(connectionString: string): Promise<void> {
  for (const giveUpMs = performance.now() + ANSWERS_WITHIN_MS; ; await sleep(LOOK_EVERY_MS)) {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch (error) {
      if (performance.now() < giveUpMs) continue;
      throw new Error(`PostgreSQL at ${client.host}:${client.port} does not answer: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
