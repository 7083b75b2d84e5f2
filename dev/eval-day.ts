import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { migrations } from '../aggregator/aggregator.ts';
import type { Read, ReadBatch } from '../aggregator/read-record.ts';
import { createWriters } from '../aggregator/writers.ts';
import { startEmbeddedServer } from '../ports/store/embedded/server.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';
import { fixedCodec } from '../schemas/codec.ts';
import type { RecordName, RecordTypes } from '../schemas/types.ts';
import { stepDay } from './eval/step-day.ts';

/**
 * `npm run eval:day [-- --fps 5 --seed 1 --database postgres://…]`: a shop's day (dev/eval/reference-day.ts) through the
 * processor's steps and the aggregator's writers into a PostgreSQL of its own, or an empty database that is named: which
 * rows come of it, and what they take. Fails unless the results of the day are less than 200 rows, in one summary.
 */
const DEVICE = 'shop';
/** Where nine to six are two days in UTC. */
const TIME_ZONE = 'America/Los_Angeles';
const MIDNIGHT_MS = Date.parse('2026-05-04T00:00:00-07:00');
const BATCH = 500;
const RESULTS_MAX = 200;
/** One row or less for each frame, forgotten after two days; the rest stays for as long as results do. */
const BOUNDED: readonly string[] = ['captures', 'observations'];

const { values } = parseArgs({
  options: {
    fps: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    database: { type: 'string' },
  },
});
const sql = {
  insertShop: statement(import.meta.url, './eval/sql/insert-shop.sql'),
  growth: statement(import.meta.url, './eval/sql/table-growth.sql'),
  results: statement(import.meta.url, './eval/sql/results-of-day.sql'),
};

const folder = mkdtempSync(join(tmpdir(), 'passerby-day-'));
const server = values.database
  ? { connectionString: values.database, stop: async () => undefined }
  : await startEmbeddedServer({ folder, log: pino({ level: 'error' }) });
try {
  const { connectionString } = server;
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  const store = createPostgresStore({ connectionString, connectionsMax: 2, name: 'reference day' });
  try {
    await store.run(sql.insertShop, [DEVICE, TIME_ZONE]);
    const before = await growthOf(store);
    await report(store, { ...(await spendDay(store)), before });
  } finally {
    await store.close();
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

interface Growth {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

function growthOf(store: Store): Promise<readonly Growth[]> {
  return store.run<Growth>(sql.growth);
}

interface Spent {
  readonly frames: number;
  readonly stays: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

async function spendDay(store: Store): Promise<Spent> {
  let nowMs = MIDNIGHT_MS;
  const writers = createWriters({ codec: fixedCodec, clock: { nowMs: () => nowMs } });
  type Told = { [Name in 'frame' | 'observation' | 'event']: RecordTypes[Name][] };
  let told: Told = { frame: [], observation: [], event: [] };

  /** As the aggregator does, a transaction for each topic. */
  async function write(): Promise<void> {
    const batch = batchOf(told);
    for (const topic of ['frames', 'observations', 'events'] as const) {
      await store.transaction((transaction) => writers[topic](transaction, batch));
    }
    told = { frame: [], observation: [], event: [] };
  }

  const day = stepDay({
    deviceId: DEVICE,
    midnightMs: MIDNIGHT_MS,
    fps: Number(values.fps),
    seed: Number(values.seed),
  });
  let frames = 0;
  for (const stepped of day.frames()) {
    frames += 1;
    nowMs = stepped.frame.captured_at;
    told.frame.push(stepped.frame);
    for (const output of stepped.told) {
      if (output.kind === 'rejected') throw new Error(`${output.code}: ${output.message}`);
      if (output.kind === 'event') told.event.push(output.event);
      else told.observation.push(output.observation);
    }
    if (told.frame.length === BATCH) await write();
  }
  await write();
  return { frames, stays: day.stays };
}

function batchOf(told: { readonly [Name in RecordName]?: readonly RecordTypes[Name][] }): ReadBatch {
  const record = { key: DEVICE, value: null, offset: 0n, appendedAtMs: 0 };
  return {
    of: <Name extends RecordName>(name: Name): readonly Read<RecordTypes[Name]>[] =>
      (told[name] ?? []).map((value) => ({ record, value })),
    poison: [],
  };
}

interface ResultsRow {
  readonly rows: number;
  readonly days: number;
  readonly people: number;
  readonly dwell_s: number;
}

async function report(
  store: Store,
  { frames, stays, before }: Spent & { readonly before: readonly Growth[] },
): Promise<void> {
  const after = await growthOf(store);
  const grown = after.map(({ name, rows, bytes }) => ({
    table: name,
    kept: BOUNDED.includes(name) ? 'two days' : 'as results',
    rows,
    bytes: bytes - (before.find((table) => table.name === name)?.bytes ?? 0),
  }));
  console.table(grown);
  const [results] = await store.run<ResultsRow>(sql.results, [DEVICE]);
  if (!results) throw new Error('there are no results');
  const sum = (kept: string) => grown.filter((table) => table.kept === kept).reduce((all, { bytes }) => all + bytes, 0);
  const stayedMs = stays.reduce((all, { fromMs, untilMs }) => all + untilMs - fromMs, 0);
  console.log(
    `frames=${frames} visitors=${stays.length} stayed_s=${stayedMs / 1_000} results_bytes=${sum('as results')} bounded_bytes=${sum('two days')} ` +
      `summaries=${results.days}`,
  );
  const { rows, people, dwell_s } = results;
  const visits = after.find(({ name }) => name === 'visits')?.rows;
  console.log(`visits=${visits} people=${people} rows=${rows} dwell_s=${dwell_s.toFixed(1)}`);
  if (rows === 0 || rows >= RESULTS_MAX || results.days !== 1) {
    console.error(`results.events must have from 1 to ${RESULTS_MAX - 1} rows of the day, and its summary one`);
    process.exitCode = 1;
  }
}
