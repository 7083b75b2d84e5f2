import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** An empty database on a server that others use too, for one test file; it has the TimescaleDB extension, or may have it. */
export async function createTimescaleDatabase(
  url: string,
  { extension = true } = {},
): Promise<{
  readonly connectionString: string;
  drop(): Promise<void>;
}> {
  const name = `passerby_test_${randomBytes(6).toString('hex')}`;
  const onServer = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  // Other templates may have the extension.
  await onServer(`create database ${name} template template0`);
  const database = new URL(url);
  database.pathname = `/${name}`;
  const drop = () => onServer(`drop database ${name} with (force)`);
  if (!extension) return { connectionString: database.href, drop };
  try {
    const client = new pg.Client({ connectionString: database.href });
    await client.connect();
    await client.query('create extension timescaledb').finally(() => client.end());
  } catch (error) {
    await drop();
    throw error;
  }
  return { connectionString: database.href, drop };
}
