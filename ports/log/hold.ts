import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { Unusable } from '../errors.ts';
import { statement } from '../store/statement.ts';

/**
 * The embedded log has one process. With a database of the user's own, two could meet in it: an advisory lock says
 * whose it is. Offsets are fenced all the same, so a lock that is lost with its connection does no harm until it is
 * taken again.
 */
const LOCK = [0x7061_7373, 1];
const TIMEOUT_MS = 10_000;
const RETRY_MS = 500;
const LOST_MAX_MS = 30_000;
const tryLock = statement(import.meta.url, './sql/try-lock.sql');

export async function holdLog(connectionString: string, logger: Logger): Promise<{ release(): Promise<void> }> {
  let released = false;

  async function take(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString,
      application_name: 'passerby lock',
      keepAlive: true,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>(tryLock.text, LOCK);
    if (rows[0]?.taken) return client;
    await client.end();
    throw new DatabaseInUse(
      'Another Passerby is using this database (DATABASE_URL). Stop it, or name another database.',
    );
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
