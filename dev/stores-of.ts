import type { Parts } from '../ports/process.ts';
import { createPostgresStore, type PostgresStoreOptions } from '../ports/store/postgres.ts';

/** Opens stores of one database for parts of one process or thread, each closed when they stop. */
export function storesOf(parts: Pick<Parts, 'started'>, connectionString: string) {
  return (name: string, connectionsMax: number, options: Pick<PostgresStoreOptions, 'plansByValues'> = {}) => {
    const store = createPostgresStore({ connectionString, connectionsMax, name, ...options });
    parts.started(`store of ${name}`, () => store.close());
    return store;
  };
}
