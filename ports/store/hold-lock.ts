import pg from 'pg';
import { statement } from './statement.ts';
import type { Statement } from './store.ts';

const makeFirstLocks = statement(import.meta.url, './sql/make-first-locks.sql');

/** A connection that has the lock until it ends, in a transaction in which nothing else happens. */
export async function holdLock(config: pg.ClientConfig, lock: Statement): Promise<pg.Client> {
  const options = '-c idle_in_transaction_session_timeout=0';
  const client = new pg.Client({ keepAlive: true, ...config, options });
  // Unheard, a connection that breaks would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(makeFirstLocks.text);
    await client.query('begin');
    await client.query(lock.text);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
