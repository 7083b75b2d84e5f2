/**
 * The store: a PostgreSQL that speaks SQL.
 *
 * What every adapter promises:
 *
 *  1. A statement that resolves outside a transaction is durable, and so is a transaction whose promise resolved.
 *  2. A transaction whose promise rejected has either left nothing, or its commit's fate is unknown (the connection
 *     broke in between): whoever retries makes its statements safe to repeat.
 *  3. A server that cannot be reached, or that is starting or stopping, is an `Outage`; a statement that the server
 *     refuses is the driver's own error. No statement waits for ever.
 */

/** One SQL statement from its own file; the name lets the server keep its plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface Queryable {
  run<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Store extends Queryable {
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
  /** Whether the server answers just now, for health checks; throws `Outage` when not. */
  check(): Promise<void>;
  close(): Promise<void>;
}
