import { Outage } from '../errors.ts';
import { statement } from './statement.ts';
import type { Queryable } from './store.ts';

const findMigration = statement(import.meta.url, './sql/find-migration.sql');
const UNDEFINED_TABLE = '42P01';

/** For those who use tables that another service makes: throws `Outage` until it has. */
export async function requireMigration(store: Queryable, name: string): Promise<void> {
  const found = await store.run(findMigration, [name]).catch((error: { code?: string }) => {
    if (error.code === UNDEFINED_TABLE) return [];
    throw error;
  });
  if (found.length === 0)
    throw new Outage('the tables are not there yet', `the aggregator brings ${name}, once it runs`);
}
