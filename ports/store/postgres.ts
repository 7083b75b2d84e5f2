import pg from 'pg';
import { asOutage } from './as-outage.ts';
import { SERVER_OPTIONS } from './server-options.ts';
import { statement } from './statement.ts';
import type { Queryable, Statement, Store } from './store.ts';

export interface PostgresStoreOptions {
  readonly connectionString: string;
  readonly connectionsMax: number;
  /** Shown in pg_stat_activity, so that an operator sees which part holds a connection. */
  readonly name: string;
  readonly statementTimeoutMs?: number;
  /**
   * Whether each statement is planned for the values that it is asked with. It takes a few milliseconds, and pays where many
   * filters may be left out: a plan that is kept for all values looks in every row whether each was.
   */
  readonly plansByValues?: boolean;
}

const INT8 = 20;
const check = statement(import.meta.url, './sql/check.sql');
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** Any PostgreSQL that a connection string names: the embedded one, a server of the user's own, TimescaleDB. */
export function createPostgresStore(options: PostgresStoreOptions): Store {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.connectionsMax,
    application_name: `passerby ${options.name}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // The server enforces its own limit; this one is for a server that no longer answers at all.
    query_timeout: statementTimeoutMs + CONNECT_TIMEOUT_MS,
    options: options.plansByValues ? `${SERVER_OPTIONS} -c plan_cache_mode=force_custom_plan` : SERVER_OPTIONS,
    types: { getTypeParser: (oid, format) => (oid === INT8 ? parseInt8 : pg.types.getTypeParser(oid, format)) },
  });
  // A connection that breaks while idle is replaced at the next query; unheard, the event would end the process.
  pool.on('error', () => undefined);

  async function run<Row extends object>(sql: Statement, values?: readonly unknown[]): Promise<Row[]> {
    try {
      return await runOn<Row>(pool, sql, values);
    } catch (error) {
      throw asOutage(error);
    }
  }

  return {
    run,
    check: async () => {
      await run(check);
    },

    async transaction<Result>(work: (transaction: Queryable) => Promise<Result>) {
      const client = await pool.connect().catch((error: unknown) => {
        throw asOutage(error);
      });
      // Without a listener, a server that dies between two statements would end the process.
      const ignore = () => undefined;
      client.on('error', ignore);
      let broken = false;
      try {
        await client.query('begin');
        const result = await work({ run: (sql, values) => runOn(client, sql, values) });
        const { command } = await client.query('commit');
        // PostgreSQL answers the commit of a transaction in which a statement has failed by rolling back, as a success.
        if (command !== 'COMMIT') throw new Error('a statement of this transaction had failed; nothing was committed');
        return result;
      } catch (error) {
        // What the server has not said comes from the driver, which then may not know what the server knows.
        broken = !(error instanceof pg.DatabaseError);
        await client.query('rollback').catch(() => {
          broken = true;
        });
        throw asOutage(error);
      } finally {
        client.off('error', ignore);
        client.release(broken);
      }
    },

    close: () => pool.end(),
  };
}

async function runOn<Row extends object>(
  client: pg.Pool | pg.PoolClient,
  sql: Statement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await client.query<Row>({ name: sql.name, text: sql.text, values: [...values] });
  return result.rows;
}

/** Counters, offsets and seqs stay far below 2^53 (at a million a second for 285 years); beyond it, say so. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a JavaScript number`);
  return value;
}
