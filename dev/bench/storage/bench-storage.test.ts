import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../../../ports/servers-under-test.ts';
import { createPostgresStore } from '../../../ports/store/postgres.ts';
import { copySlice, TABLES } from './copy-slice.ts';
import { type HistoryOptions, historyOf, withFirstVersions } from './history.ts';
import { type Databases, openDatabases } from './open-databases.ts';
import { unaskedStatements } from './served-queries.ts';
import { requireSameRows } from './settle.ts';
import { createWriting } from './write-slice.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = Date.UTC(2026, 0, 5);
const history: HistoryOptions = {
  seed: 1,
  devices: ['left', 'middle', 'right'],
  fromMs: FROM_MS,
  hours: 48,
  visitsPerDevice: 70,
};

describe('a made-up history', () => {
  const slices = [...historyOf(history, 100)];
  const events = slices.flatMap((slice) => slice.events);

  test('has as many visits as are asked for, and forty events for seven of them', () => {
    expect(events.filter(({ type }) => type === 'visit')).toHaveLength(210);
    expect(events).toHaveLength(1_200);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(1_200);
  });

  test('is parted by full hours, without a gap', () => {
    expect(slices.length).toBeGreaterThan(8);
    expect(slices.map(({ fromMs }) => fromMs)).toEqual([FROM_MS, ...slices.slice(0, -1).map(({ toMs }) => toMs)]);
    expect(slices.at(-1)?.toMs).toBe(FROM_MS + 48 * HOUR_MS);
    for (const { fromMs, toMs, events } of slices) {
      expect(fromMs % HOUR_MS).toBe(0);
      expect(events.every(({ occurred_at: at, ended_at }) => at >= fromMs && at < toMs && (ended_at ?? at) >= at)).toBe(
        true,
      );
    }
  });

  test('is the same however it is parted, and another one by another seed', () => {
    const byId = (of: typeof events) => of.toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1));
    const parted = (options: HistoryOptions, size: number) =>
      byId([...historyOf(options, size)].flatMap(({ events }) => events));
    expect(parted(history, 1)).toEqual(byId(events));
    expect(parted({ ...history, seed: 2 }, 100)).not.toEqual(byId(events));
  });

  test('can be told also as it began', () => {
    const told = withFirstVersions(events);
    const lasting = events.filter(({ ended_at }) => ended_at !== null);
    expect(told).toHaveLength(events.length + lasting.length);
    const versions = told.filter(({ event_id }) => event_id === lasting[0]?.event_id);
    expect(versions.map(({ version, ended_at }) => [version, ended_at === null])).toEqual([
      [1, true],
      [2, false],
    ]);
  });
});

test('every statement that reads what grows with time is asked', () => {
  expect(unaskedStatements()).toEqual([]);
});

describe('what is written', () => {
  let databases: Databases;
  let written: pg.Client;
  let copied: pg.Client;
  beforeAll(async () => {
    databases = await openDatabases(undefined, { ids: history.devices, since: new Date(FROM_MS) });
    [written, copied] = [databases.written, databases.copied].map(
      (connectionString) => new pg.Client({ connectionString }),
    ) as [pg.Client, pg.Client];
    await Promise.all([written.connect(), copied.connect()]);
  });
  afterAll(async () => {
    await Promise.all([written?.end(), copied?.end()]);
    await databases?.stop();
  });

  test('is copied row by row, and any difference is found', async () => {
    const store = createPostgresStore({ connectionString: databases.written, connectionsMax: 3, name: 'test' });
    const writing = await createWriting({ store, partitions: 2, batchRecordsMax: 50 });
    let rows = 0;
    for (const [at, slice] of [...historyOf(history, 300)].entries()) {
      await writing.write(at % 2 ? withFirstVersions(slice.events) : slice.events);
      rows += (await copySlice(slice, { written, copied })).rows;
    }
    await store.close();
    const counts = await requireSameRows(written, copied);
    expect(counts).toMatchObject({ events: 1_200, visits: 210, occupancy_changes: 840 });
    expect(rows).toBe(TABLES.reduce((sum, table) => sum + counts[table], 0));

    for (const [table, spoil] of [
      ['visits', 'update visits set sightings = sightings + 1 where id = (select min(id::text)::uuid from visits)'],
      [
        'occupancy_changes',
        'delete from occupancy_changes where event_id = (select min(event_id::text)::uuid from occupancy_changes)',
      ],
    ] as const) {
      await copied.query('begin');
      await copied.query(spoil);
      await expect(requireSameRows(written, copied)).rejects.toThrow(`${table} differ`);
      await copied.query('rollback');
    }
  });
});

/** The command as it is called; it ends with an error where the two databases do not have the same rows. */
async function runBench(timescaleUrl: string, ...more: readonly string[]): Promise<{ line: string; progress: string }> {
  const program = fileURLToPath(new URL('../storage.ts', import.meta.url));
  const run = fileURLToPath(new URL('../../run.mjs', import.meta.url));
  const args = [run, program, '--profile', 'month', '--scale', '0.002', '--times', '2', ...more];
  const env = { ...process.env, TIMESCALE_URL: timescaleUrl };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
  return { line: stdout.trim().split('\n').at(-1) ?? '', progress: stderr };
}

const LINE = /^copy_ratio=\d+(\.\d+)? bytes_per_row=[1-9]\d* query_p95_ms=\d+(\.\d+)?$/;

test('the command ends with its line, on PostgreSQL', async () => {
  expect((await runBench('')).line).toMatch(LINE);
}, 180_000);

test('the command keeps nothing on a server that goes with it', async () => {
  await expect(runBench('', '--keep')).rejects.toThrow('TIMESCALE_URL');
});

describeWith('timescale', 'the command', ({ url }) => {
  const databases = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query('select datname as name from pg_database')).rows.map(({ name }) => name);
    } finally {
      await client.end();
    }
  };

  test('ends with its line, on TimescaleDB; and asks again what it has kept', async () => {
    const { line, progress } = await runBench(url, '--keep');
    expect(line).toMatch(LINE);
    const [, name = ''] = /^asking (\w+)$/m.exec(progress) ?? [];
    expect(await databases()).toContain(name);
    const again = await runBench(url, '--again', name);
    const loaded = line.slice(0, line.indexOf('query'));
    expect(again.line).toMatch(LINE);
    expect(again.line.slice(0, loaded.length)).toBe(loaded);

    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`drop database ${name} with (force)`).finally(() => client.end());
  }, 180_000);
});
