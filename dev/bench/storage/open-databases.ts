import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { migrations } from '../../../aggregator/aggregator.ts';
import { startEmbeddedServer } from '../../../ports/store/embedded/server.ts';
import { migrate } from '../../../ports/store/migrate.ts';
import { statement } from '../../../ports/store/statement.ts';
import { createTimescaleDatabase } from '../../../ports/store/timescale-under-test.ts';

const sql = {
  create: statement(import.meta.url, './sql/create-second-database.sql'),
  hasTimescale: statement(import.meta.url, './sql/has-timescale.sql'),
  stopJobs: statement(import.meta.url, './sql/stop-jobs.sql'),
  insertPlaces: statement(import.meta.url, './sql/insert-places.sql'),
};

/** Two databases with equal tables and the same cameras, on one server. */
export interface Databases {
  readonly flavour: 'TimescaleDB' | 'PostgreSQL';
  /** Into which the aggregator's writer writes. */
  readonly written: string;
  /** Into which the same rows are copied. */
  readonly copied: string;
  /** Both go, or what was written stays where it is; a server of their own stops in any case, and what it had goes. */
  stop(options?: { readonly keepWritten: boolean }): Promise<void>;
}

/** On the server of that address, if there is one, else on one of their own. */
export async function openDatabases(
  timescaleUrl: string | undefined,
  cameras: { readonly ids: readonly string[]; readonly since: Date },
): Promise<Databases> {
  const opened = await (timescaleUrl ? createTwo(timescaleUrl) : startPlain());
  try {
    const flavours = await Promise.all([opened.written, opened.copied].map((one) => prepare(one, cameras)));
    return { ...opened, flavour: flavours[0] ? 'TimescaleDB' : 'PostgreSQL' };
  } catch (error) {
    await opened.stop();
    throw error;
  }
}

async function createTwo(url: string): Promise<Omit<Databases, 'flavour'>> {
  const written = await createTimescaleDatabase(url);
  const copied = await createTimescaleDatabase(url).catch(async (error) => {
    await written.drop();
    throw error;
  });
  return {
    written: written.connectionString,
    copied: copied.connectionString,
    stop: async ({ keepWritten } = { keepWritten: false }) =>
      void (await Promise.all([keepWritten || written.drop(), copied.drop()])),
  };
}

async function startPlain(): Promise<Omit<Databases, 'flavour'>> {
  const folder = await mkdtemp(join(tmpdir(), 'passerby-bench-'));
  const server = await startEmbeddedServer({ folder, log: pino({ level: 'error' }) });
  const written = server.connectionString;
  const copied = Object.assign(new URL(written), { pathname: '/passerby_copied' }).href;
  await withClient(written, (client) => client.query(sql.create.text));
  return {
    written,
    copied,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** Answers whether it has TimescaleDB. */
async function prepare(
  connectionString: string,
  { ids, since }: { readonly ids: readonly string[]; readonly since: Date },
): Promise<boolean> {
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  return withClient(connectionString, async (client) => {
    await client.query(sql.insertPlaces.text, [ids, since]);
    const { rows } = await client.query<{ answer: boolean }>(sql.hasTimescale.text);
    const hasTimescale = rows[0]?.answer === true;
    if (hasTimescale) await client.query(sql.stopJobs.text);
    return hasTimescale;
  });
}

async function withClient<Result>(
  connectionString: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
