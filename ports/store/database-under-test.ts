import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbeddedServer } from './embedded/server.ts';
import { createTimescaleDatabase } from './timescale-under-test.ts';

/** A real database, empty, for one test file. */
export interface DatabaseUnderTest {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** PostgreSQL as it comes; with STORE_FLAVOUR=timescale in the environment, one of the server at TIMESCALE_URL. */
export function startDatabase(): Promise<DatabaseUnderTest> {
  if (process.env.STORE_FLAVOUR !== 'timescale') return startPlainDatabase();
  if (!process.env.TIMESCALE_URL) throw new Error('STORE_FLAVOUR=timescale needs TIMESCALE_URL');
  return startTimescaleDatabase(process.env.TIMESCALE_URL);
}

export async function startTimescaleDatabase(
  url: string,
  options?: Parameters<typeof createTimescaleDatabase>[1],
): Promise<DatabaseUnderTest> {
  const { connectionString, drop: stop } = await createTimescaleDatabase(url, options);
  return { connectionString, stop };
}

export async function startPlainDatabase(): Promise<DatabaseUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'passerby-test-'));
  const server = await startEmbeddedServer({ folder, log: pino({ level: process.env.LOG_LEVEL ?? 'error' }) });
  return {
    connectionString: server.connectionString,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
