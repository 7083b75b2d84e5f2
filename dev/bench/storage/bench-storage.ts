import pg from 'pg';
import { migrations } from '../../../aggregator/aggregator.ts';
import { migrate } from '../../../ports/store/migrate.ts';
import { createPostgresStore } from '../../../ports/store/postgres.ts';
import { statement } from '../../../ports/store/statement.ts';
import { createRandom } from '../../simulate/random.ts';
import { median } from '../median.ts';
import { type Asked, askServed } from './ask-served.ts';
import { copySlice, type Table } from './copy-slice.ts';
import { EVENTS_PER_VISIT, historyOf, withFirstVersions } from './history.ts';
import { type Databases, openDatabases } from './open-databases.ts';
import { served } from './served-queries.ts';
import { compressUntil, refreshRollups, requireSameRows, sizesOf, type TableSize, vacuum } from './settle.ts';
import { createWriting } from './write-slice.ts';

const sql = {
  insertCaptures: statement(import.meta.url, './sql/insert-captures.sql'),
  createLoad: statement(import.meta.url, './sql/create-load.sql'),
  insertLoad: statement(import.meta.url, './sql/insert-load.sql'),
  findLoad: statement(import.meta.url, './sql/find-load.sql'),
};

/** A synthetic year of a hundred cameras, or a month of ten. */
export const PROFILES = {
  year: { devices: 100, days: 365, visits: 7_000_000 },
  month: { devices: 10, days: 30, visits: Math.round((7_000_000 * 10 * 30) / (100 * 365)) },
} as const;

export interface StorageBenchOptions {
  readonly profile: keyof typeof PROFILES;
  /** How much of the visits there are; cameras and days stay. */
  readonly scale: number;
  readonly timescaleUrl: string | undefined;
  readonly partitions: number;
  readonly batchRecordsMax: number;
  /** In how many versions events are told that have an end. */
  readonly versions: 1 | 2;
  readonly times: number;
  /** Whether what was written stays when all is done, to be asked again. */
  readonly keep: boolean;
  readonly nowMs: number;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What loading came to. It is noted in the database that was loaded, which says so by itself what can be asked of it. */
interface Load {
  readonly profile: keyof typeof PROFILES;
  readonly scale: number;
  readonly versions: 1 | 2;
  readonly flavour: string;
  /** Where the history ends. */
  readonly toMs: number;
  readonly slices: number;
  readonly rowsPerSecond: { readonly writer: number; readonly copy: number };
  readonly copyRatio: number;
  readonly copyRatioLowest: number;
  readonly copyRatioHighest: number;
  readonly tables: Readonly<Record<Table, TableSize>>;
  readonly bytesPerRowBefore: number;
  readonly bytesPerRow: number;
}

export interface StorageBench extends Load {
  readonly queries: readonly Asked[];
  readonly queryP95Ms: number;
}

const SEED = 9;
/** So many are in memory at once; of a small history fewer, since what is told is the middle of many slices. */
const EVENTS_PER_SLICE_MAX = 25_000;
const SLICES_MIN = 12;
const HOUR_MS = 3_600_000;
const STATEMENT_TIMEOUT_MS = 600_000;

/** Loads, and asks what it has loaded. */
export function benchStorage(options: StorageBenchOptions): Promise<StorageBench> {
  return withLoaded(options, (connectionString) => askAgain(connectionString, options));
}

/** Loads, and has what it has loaded asked; after that it goes, unless it is to be kept. */
export async function withLoaded<Answer>(
  options: StorageBenchOptions,
  ask: (connectionString: string) => Promise<Answer>,
): Promise<Answer> {
  const { days } = PROFILES[options.profile];
  const toMs = Math.floor(options.nowMs / HOUR_MS) * HOUR_MS;
  const fromMs = toMs - days * 24 * HOUR_MS;
  const databases = await openDatabases(options.timescaleUrl, {
    ids: devicesOf(options.profile),
    since: new Date(fromMs),
  });
  let keepWritten = false;
  try {
    await load(databases, { ...options, fromMs, toMs });
    keepWritten = options.keep;
    if (keepWritten) options.onProgress(`kept: ${new URL(databases.written).pathname.slice(1)}`);
    return await ask(databases.written);
  } finally {
    await databases.stop({ keepWritten });
  }
}

async function load(
  { flavour, ...databases }: Databases,
  options: StorageBenchOptions & { readonly fromMs: number; readonly toMs: number },
): Promise<void> {
  const { profile, scale, partitions, batchRecordsMax, versions, fromMs, toMs, signal, onProgress } = options;
  const devices = devicesOf(profile);
  const { days, visits } = PROFILES[profile];
  const visitsPerDevice = Math.max(1, Math.round((visits * scale) / devices.length));
  const expected = Math.round(devices.length * visitsPerDevice * EVENTS_PER_VISIT);
  const [written, copied] = [databases.written, databases.copied].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  const store = createPostgresStore({
    connectionString: databases.written,
    // As aggregator/main.ts has it.
    connectionsMax: 10,
    name: 'bench writer',
  });
  const tell = createTeller(onProgress);
  try {
    await Promise.all([written.connect(), copied.connect()]);
    onProgress(`${flavour}: ${expected} events of ${devices.length} cameras in ${days} days`);
    const writing = await createWriting({ store, partitions, batchRecordsMax });
    const paces: Pace[] = [];
    let events = 0;
    const perSlice = Math.min(EVENTS_PER_SLICE_MAX, expected / SLICES_MIN);
    for (const slice of historyOf({ seed: SEED, devices, fromMs, hours: days * 24, visitsPerDevice }, perSlice)) {
      signal.throwIfAborted();
      const writerMs = await writing.write(versions === 2 ? withFirstVersions(slice.events) : slice.events);
      const { rows, ms: copyMs } = await copySlice(slice, { written, copied });
      paces.push({ rows, writerMs, copyMs });
      events += slice.events.length;
      tell(events / expected, paces);
      if (flavour === 'TimescaleDB') {
        await Promise.all([written, copied].map((client) => compressUntil(client, slice.toMs)));
      }
    }
    onProgress('loaded; comparing, adding up and cleaning up');
    const rows = await requireSameRows(written, copied);
    await written.query(sql.insertCaptures.text, [devices, new Date(toMs)]);
    if (flavour === 'TimescaleDB') await refreshRollups(written);
    await vacuum(written);
    const tables = await sizesOf(written, { rows, hasTimescale: flavour === 'TimescaleDB' });
    const loaded: Load = { profile, scale, versions, flavour, toMs, ...summarise(paces), ...perRow(tables), tables };
    await written.query(sql.createLoad.text);
    await written.query(sql.insertLoad.text, [loaded]);
    signal.throwIfAborted();
  } finally {
    await Promise.all([written.end(), copied.end(), store.close()]);
  }
}

/** Asks all that is served of a database that was loaded, once it has the tables and views of now. */
export async function askAgain(
  connectionString: string,
  { times, onProgress }: Pick<StorageBenchOptions, 'times' | 'onProgress'>,
): Promise<StorageBench> {
  await migrate({ connectionString, folder: migrations, table: 'migrations' });
  const store = createPostgresStore({
    connectionString,
    // One, so that each statement has been asked often enough for the plan that is kept.
    connectionsMax: 1,
    name: 'bench reader',
    // As console/main.ts has it.
    plansByValues: true,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    const [found] = await store.run<{ load: Load }>(sql.findLoad);
    if (!found) throw new Error('nothing was loaded into this database');
    const { profile, toMs } = found.load;
    onProgress(`asking ${new URL(connectionString).pathname.slice(1)}`);
    const queries = await askServed(store, served, {
      times,
      random: createRandom(SEED, 'queries'),
      nowMs: toMs,
      days: PROFILES[profile].days,
      devices: devicesOf(profile),
    });
    return { ...found.load, queries, queryP95Ms: worst(queries) };
  } finally {
    await store.close();
  }
}

function devicesOf(profile: keyof typeof PROFILES): readonly string[] {
  return Array.from({ length: PROFILES[profile].devices }, (_, index) => `bench-${String(index + 1).padStart(3, '0')}`);
}

interface Pace {
  readonly rows: number;
  readonly writerMs: number;
  readonly copyMs: number;
}

function summarise(paces: readonly Pace[]) {
  // The first slice only warms up: plans, caches and code that is compiled on first use.
  const counted = paces.length > 1 ? paces.slice(1) : paces;
  const ratios = counted.map(({ writerMs, copyMs }) => copyMs / writerMs);
  const perSecond = (msOf: (pace: Pace) => number) =>
    Math.round((sum(counted, ({ rows }) => rows) * 1_000) / sum(counted, msOf));
  return {
    slices: counted.length,
    rowsPerSecond: { writer: perSecond(({ writerMs }) => writerMs), copy: perSecond(({ copyMs }) => copyMs) },
    copyRatio: rounded(median(ratios)),
    copyRatioLowest: rounded(Math.min(...ratios)),
    copyRatioHighest: rounded(Math.max(...ratios)),
  };
}

function perRow(tables: Readonly<Record<Table, TableSize>>) {
  const all = Object.values(tables);
  const rows = sum(all, (table) => table.rows);
  return {
    bytesPerRowBefore: Math.round(sum(all, ({ bytesBefore }) => bytesBefore) / rows),
    bytesPerRow: Math.round(sum(all, ({ bytesAfter }) => bytesAfter) / rows),
  };
}

function worst(queries: readonly Asked[]): number {
  return Math.max(...queries.map(({ p95Ms }) => p95Ms));
}

const TELL_EVERY_MS = 10_000;

/** Now and then how far it has come, how fast, and when it will be done at the pace so far. */
function createTeller(onProgress: (line: string) => void) {
  const startMs = performance.now();
  let toldMs = startMs;
  return (share: number, paces: readonly Pace[]) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    const { rowsPerSecond, copyRatio } = summarise(paces);
    const leftS = Math.round(((nowMs - startMs) * (1 - share)) / share / 1_000);
    onProgress(
      `${Math.floor(share * 100)} %, ${sum(paces, ({ rows }) => rows)} rows: writer ${rowsPerSecond.writer}/s, ` +
        `copy ${rowsPerSecond.copy}/s (${copyRatio}), ${leftS} s left`,
    );
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
