import pg from 'pg';
import { createPostgresStore } from '../../../ports/store/postgres.ts';
import { statement } from '../../../ports/store/statement.ts';
import { createRandom } from '../../simulate/random.ts';
import { median } from '../median.ts';
import { type Asked, askServed } from './ask-served.ts';
import { copySlice, type Table } from './copy-slice.ts';
import { EVENTS_PER_VISIT, historyOf, withFirstVersions } from './history.ts';
import { openDatabases } from './open-databases.ts';
import { served } from './served-queries.ts';
import { compressUntil, refreshRollups, requireSameRows, sizesOf, type TableSize, vacuum } from './settle.ts';
import { createWriting } from './write-slice.ts';

const insertCaptures = statement(import.meta.url, './sql/insert-captures.sql');

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
  readonly nowMs: number;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface StorageBench {
  readonly flavour: string;
  readonly slices: number;
  readonly rowsPerSecond: { readonly writer: number; readonly copy: number };
  readonly copyRatio: number;
  readonly copyRatioLowest: number;
  readonly copyRatioHighest: number;
  readonly tables: Readonly<Record<Table, TableSize>>;
  readonly bytesPerRowBefore: number;
  readonly bytesPerRow: number;
  readonly queries: readonly Asked[];
  readonly queryP95Ms: number;
}

const SEED = 9;
/** So many are in memory at once; of a small history fewer, since what is told is the middle of many slices. */
const EVENTS_PER_SLICE_MAX = 25_000;
const SLICES_MIN = 12;
const HOUR_MS = 3_600_000;
const STATEMENT_TIMEOUT_MS = 600_000;

export async function benchStorage(options: StorageBenchOptions): Promise<StorageBench> {
  const { profile, scale, timescaleUrl, partitions, batchRecordsMax, versions, signal, onProgress } = options;
  const { devices: deviceCount, days, visits } = PROFILES[profile];
  const devices = Array.from({ length: deviceCount }, (_, index) => `bench-${String(index + 1).padStart(3, '0')}`);
  const visitsPerDevice = Math.max(1, Math.round((visits * scale) / deviceCount));
  const hours = days * 24;
  const toMs = Math.floor(options.nowMs / HOUR_MS) * HOUR_MS;
  const fromMs = toMs - hours * HOUR_MS;
  const expected = Math.round(devices.length * visitsPerDevice * EVENTS_PER_VISIT);

  const databases = await openDatabases(timescaleUrl, { ids: devices, since: new Date(fromMs) });
  const { flavour } = databases;
  const [written, copied] = [databases.written, databases.copied].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  const writerStore = createPostgresStore({
    connectionString: databases.written,
    // As aggregator/main.ts has it.
    connectionsMax: 10,
    name: 'bench writer',
  });
  const readerStore = createPostgresStore({
    connectionString: databases.written,
    // One, so that each statement has been asked often enough for the plan that is kept.
    connectionsMax: 1,
    name: 'bench reader',
    // As console/main.ts has it.
    plansByValues: true,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const tell = createTeller(onProgress);
  try {
    await Promise.all([written.connect(), copied.connect()]);
    onProgress(`${flavour}: ${expected} events of ${devices.length} cameras in ${days} days`);
    const writing = await createWriting({ store: writerStore, partitions, batchRecordsMax });
    const paces: Pace[] = [];
    let events = 0;
    const perSlice = Math.min(EVENTS_PER_SLICE_MAX, expected / SLICES_MIN);
    for (const slice of historyOf({ seed: SEED, devices, fromMs, hours, visitsPerDevice }, perSlice)) {
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
    await written.query(insertCaptures.text, [devices, new Date(toMs)]);
    if (flavour === 'TimescaleDB') await refreshRollups(written);
    await vacuum(written);
    const tables = await sizesOf(written, { rows, hasTimescale: flavour === 'TimescaleDB' });
    signal.throwIfAborted();
    onProgress('asking');
    const random = createRandom(SEED, 'queries');
    const queries = await askServed(readerStore, served, { times: options.times, random, nowMs: toMs, days, devices });
    return { flavour, ...summarise(paces), ...perRow(tables), tables, queries, queryP95Ms: worst(queries) };
  } finally {
    await Promise.all([written.end(), copied.end(), writerStore.close(), readerStore.close()]);
    await databases.stop();
  }
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
