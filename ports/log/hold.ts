import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { statement } from '../store/statement.ts';

/**
 * The embedded log has one process. With a database of the user's own, two could meet in it: an advisory lock says
 * whose it is. Offsets are fenced all the same, so a lock that is lost with its connection does no harm until it is
 * taken again.
 */
const LOCK = [0x7061_7373, 1];
const tryLock = statement(import.meta.url, './sql/try-lock.sql');

export async function holdLog(connectionString: string, logger: Logger): Promise<{ release(): Promise<void> }> {
  let released = false;

  async function take(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString, application_name: 'passerby lock', keepAlive: true });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>(tryLock.text, LOCK);
    if (rows[0]?.taken) return client;
    await client.end();
    throw new DatabaseInUse(
      'Another Passerby is using this database (DATABASE_URL). Stop it, or name another database.',
    );
  }

  let client = await take();
  const watch = () => {
    client.once('end', async () => {
      while (!released) {
        try {
          client = await take();
          watch();
          return;
        } catch (error) {
          if (error instanceof DatabaseInUse) throw error;
          logger.debug({ error }, 'the database lock waits for the database');
          await sleep(500);
        }
      }
    });
  };
  watch();
  return {
    release: async () => {
      released = true;
      await client.end();
    },
  };
}

export class DatabaseInUse extends Error {}
