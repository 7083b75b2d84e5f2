import type { Parts } from '../ports/process.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';

/** Opens stores of one database for parts of one process or thread, each closed when they stop. */
export function storesOf(parts: Pick<Parts, 'started'>, connectionString: string) {
  return (name: string, connectionsMax: number) => {
    const store = createPostgresStore({ connectionString, connectionsMax, name });
    parts.started(`store of ${name}`, () => store.close());
    return store;
  };
}
