import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbeddedServer } from './embedded/server.ts';

/** A real PostgreSQL with an empty database, for one test file. */
export async function startDatabase(): Promise<{ readonly connectionString: string; stop(): Promise<void> }> {
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
