import pg from 'pg';
import { Outage, Unusable } from '../errors.ts';

/**
 * SQLSTATE classes that speak of the server, not of the statement: 08 connection, 53 resources (disk full, too many
 * connections), 57P operator (shutdown, crash, starting up), 57014 (statement_timeout), 58 system, 40 (deadlock and
 * serialization: again), and 25P03 (this process slept in a transaction for so long that the server gave it up).
 */
const SERVER_STATES = /^(08|53|57P|57014|58|40|25P03)/;
/** Who signs in, or to which database: 28 the name or the password, 3D000 the database. */
const REFUSALS = /^(28|3D000)/;
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);
const DRIVER_MESSAGES = /connection terminated|timeout|not queryable|connection error/i;

/** The driver's error as an `Outage` where it says that the server cannot be had, and in words where it lets us not in. */
export function asOutage(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Outage) return error;
  const code = 'code' in error ? String(error.code) : '';
  const fromServer = error instanceof pg.DatabaseError;
  if (fromServer && REFUSALS.test(code)) {
    return new Unusable(
      `DATABASE_URL is refused: ${error.message}. Check its user, password and name of the database.`,
      {
        cause: error,
      },
    );
  }
  const outage = fromServer ? SERVER_STATES.test(code) : SOCKET_CODES.has(code) || DRIVER_MESSAGES.test(error.message);
  return outage ? new Outage('the database does not answer', error) : error;
}
