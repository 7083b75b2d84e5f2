import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { Unusable } from '../errors.ts';
import { holdLock } from '../store/hold-lock.ts';
import { statement } from '../store/statement.ts';

/**
 * The embedded log has one process. With a database of the user's own, two could meet in it: a lock says whose
 * it is. Offsets are fenced all the same, so a lock that is lost with its connection does no harm until it is
 * taken again.
 */
const TIMEOUT_MS = 10_000;
const RETRY_MS = 500;
const LOST_MAX_MS = 30_000;
const lockLog = statement(import.meta.url, './sql/lock-log.sql');
const LOCK_NOT_AVAILABLE = '55P03';

export async function holdLog(connectionString: string, logger: Logger): Promise<{ release(): Promise<void> }> {
  let released = false;

  async function take(): Promise<pg.Client> {
    const timeouts = { connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS };
    try {
      return await holdLock({ connectionString, application_name: 'passerby lock', ...timeouts }, lockLog);
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      throw new DatabaseInUse(
        'Another Passerby is using this database (DATABASE_URL). Stop it, or name another database.',
      );
    }
  }

  let client: pg.Client | null = await take();
  const retake = async () => {
    client = null;
    // The server may hold the broken connection's lock a while longer; somebody else's, it holds for good.
    for (const giveUpMs = performance.now() + LOST_MAX_MS; !released; await sleep(RETRY_MS)) {
      try {
        client = await take();
        if (released) await client.end();
        else client.once('end', retake);
        return;
      } catch (error) {
        if (error instanceof DatabaseInUse && performance.now() > giveUpMs) throw error;
        logger.debug({ error }, 'the database lock waits for the database');
      }
    }
  };
  client.once('end', retake);
  return {
    release: async () => {
      released = true;
      await client?.end();
    },
  };
}

export class DatabaseInUse extends Unusable {}
