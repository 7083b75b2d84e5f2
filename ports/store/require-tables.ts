import { Outage } from '../errors.ts';
import { statement } from './statement.ts';
import type { Queryable } from './store.ts';

/** The tables that all services are written for. */
export const NEWEST_MIGRATION = '0031_events_by_number';

const findMigration = statement(import.meta.url, './sql/find-migration.sql');
const UNDEFINED_TABLE = '42P01';

/** For those who use tables that another service makes: throws `Outage` until they are as this program knows them. */
export async function requireTables(store: Queryable): Promise<void> {
  const found = await store.run(findMigration, [NEWEST_MIGRATION]).catch((error: { code?: string }) => {
    if (error.code === UNDEFINED_TABLE) return [];
    throw error;
  });
  if (found.length === 0) {
    throw new Outage('the tables are not there yet', `the aggregator brings ${NEWEST_MIGRATION}, once it runs`);
  }
}
