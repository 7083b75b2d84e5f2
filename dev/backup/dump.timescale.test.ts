import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../ports/servers-under-test.ts';
import { startTimescaleDatabase } from '../../ports/store/database-under-test.ts';
import { SERVER_OPTIONS } from '../../ports/store/server-options.ts';
import { createTimescaleDatabase } from '../../ports/store/timescale-under-test.ts';
import { hasProgram } from '../compose/compose-file-under-test.ts';
import { type Flavour, startFlavour } from '../flavours/flavour-under-test.ts';
import { events, frames, letters, observations, PLACES } from '../flavours/history-under-test.ts';

/** What docs/backup.md says of production, by its very commands: dumped, restored elsewhere, compared, and used on. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const patient = { timeout: 240_000 };
const hasPrograms = hasProgram('pg_dump', ['--version'], 'the commands of docs/backup.md');

const ROLLUPS = ['visits_hourly', 'zones_hourly', 'crowds_hourly'];
const HYPERTABLES = ['captures', 'events', 'observations', 'visits'];
const ALL_TABLES = `
  select format('%I.%I', table_schema, table_name) as name
  from information_schema.tables
  where table_schema in ('public', 'log', 'results') and table_type in ('BASE TABLE', 'VIEW')
  order by 1`;
const CHUNKS = `
  select hypertable_name, chunk_name, range_start, range_end, is_compressed
  from timescaledb_information.chunks
  where hypertable_name = any($1)
  order by 1, 3`;
/** The numbers of jobs are their server's. */
const JOBS = `
  select proc_name, hypertable_name, schedule_interval::text, config - 'mat_hypertable_id' - 'hypertable_id' as config, scheduled
  from timescaledb_information.jobs
  where hypertable_name is not null
  order by 1, 2`;

/** The commands of a section that are said to the database; roles are the whole server's, which others use too. */
function commandsOf(section: string): readonly string[] {
  const [, after = ''] = readFileSync(join(ROOT, 'docs/backup.md'), 'utf8').split(`### ${section}\n`);
  const [part = ''] = after.split(/^##/m);
  return part.split('\n').filter((line) => line.startsWith('pg ') && !line.includes('roles.sql'));
}

/** One that is older than the server refuses to dump it. */
async function canDump(client: pg.Client): Promise<boolean> {
  const [, ours = ''] = /(\d+)\.\d+/.exec((await run('pg_dump', ['--version'])).stdout) ?? [];
  const { rows } = await client.query<{ major: number }>(
    "select current_setting('server_version_num')::integer / 10000 as major",
  );
  if (Number(ours) >= (rows[0]?.major ?? 0)) return true;
  console.warn(`Not checked: pg_dump ${ours} is older than the server (docs/backup.md).`);
  return false;
}

describeWith('timescale', 'a dump of production', ({ url }) => {
  let from: Flavour;
  let to: Awaited<ReturnType<typeof createTimescaleDatabase>>;
  let restored: pg.Client;
  let folder: string;
  let isPossible = false;

  beforeAll(async () => {
    if (!hasPrograms) return;
    folder = mkdtempSync(join(tmpdir(), 'passerby-dump-'));
    to = await createTimescaleDatabase(url, { extension: false });
    restored = new pg.Client({ connectionString: to.connectionString, options: SERVER_OPTIONS });
    await restored.connect();
    isPossible = await canDump(restored);
    if (!isPossible) return;
    from = await startFlavour(() => startTimescaleDatabase(url));
    await fill(from);
  }, 120_000);
  afterAll(async () => {
    await restored?.end();
    await to?.drop();
    await from?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function fill({ run, rig }: Flavour): Promise<void> {
    // Jobs run when they are told to.
    await run('select alter_job(job_id, scheduled => false) from timescaledb_information.jobs');
    await run(PLACES);
    await rig.append('events', 'event', ...events());
    await rig.append('frames', 'frame', ...frames());
    await rig.append('observations', 'observation', ...observations());
    await rig.append('dead-letters', 'dead-letter', ...letters());
    await rig.drain();
    // The newest of each stays as it is.
    for (const table of ['captures', 'events', 'visits']) {
      await run(`select compress_chunk(chunk) from (select * from show_chunks('${table}') as chunk offset 1) as older`);
    }
    for (const rollup of ROLLUPS) {
      await run(`call refresh_continuous_aggregate('${rollup}_live', null, '2026-04-20')`);
    }
    await run(`select keep_rollups('2026-04-01', '')`);
  }

  const inShell = (commands: readonly string[], { db, cwd }: { readonly db: string; readonly cwd: string }) =>
    run('bash', ['-euo', 'pipefail', '-c', ['pg() { "$@"; }', ...commands].join('\n')], {
      cwd,
      env: { ...process.env, db },
    });

  async function contentsOf(ask: (text: string, values?: unknown[]) => Promise<readonly object[]>) {
    const contents: Record<string, unknown> = {
      chunks: await ask(CHUNKS, [HYPERTABLES]),
      jobs: await ask(JOBS),
    };
    for (const { name } of (await ask(ALL_TABLES)) as readonly { name: string }[]) {
      const [row] = await ask(
        `select count(*)::int as rows, md5(string_agg(one::text, e'\\n' order by one::text collate "C")) as digest from ${name} as one`,
      );
      contents[name] = row;
    }
    return contents;
  }
  const here = async (text: string, values: unknown[] = []) => (await restored.query(text, values)).rows;

  test('that is restored has the same rows, chunks, sums and jobs', patient, async ({ skip }) => {
    if (!isPossible) return skip();
    const dumping = commandsOf('To make one');
    const restoring = commandsOf('To restore it');
    expect([dumping.length, restoring.length]).toEqual([1, 3]);
    await inShell(dumping, { db: from.rig.services.connectionString, cwd: folder });
    await inShell(restoring, { db: to.connectionString, cwd: folder });

    const [before, after] = [await contentsOf((...asked) => from.run(...asked)), await contentsOf(here)];
    expect(after).toEqual(before);
    const chunks = before.chunks as readonly { hypertable_name: string; is_compressed: boolean }[];
    const kinds = new Set(chunks.map(({ hypertable_name, is_compressed }) => `${hypertable_name} ${is_compressed}`));
    expect([...kinds].sort()).toEqual([
      ...['captures false', 'captures true', 'events false', 'events true'],
      ...['observations false', 'visits false', 'visits true'],
    ]);
    expect(before['public.visits_hourly_kept']).not.toMatchObject({ rows: 0 });
    expect(before.jobs).toHaveLength(6);
  });

  test('goes on as a database: rows come and go, chunks are packed, hours are summed up', patient, async ({ skip }) => {
    if (!isPossible) return skip();
    const [{ visits = 0 } = {}] = await here('select sum(visits)::int as visits from visits_hourly');
    await here(
      `insert into visits (id, opened_at, device_id, person_id, lane, source, state, dwell_ms, config_version, version, created_at)
       select gen_random_uuid(), at, 'door', 'P', 'live', 'server', 'ended', 0, 0, 1, at
       from unnest(array['2026-04-21 12:00', '2030-01-01 12:00']::timestamptz[]) as at`,
    );
    for (const rollup of ROLLUPS) await here(`call refresh_continuous_aggregate('${rollup}_live', null, '2031-01-01')`);
    expect(await here('select sum(visits)::int as visits from visits_hourly')).toEqual([{ visits: visits + 2 }]);
    await here("select compress_chunk(chunk, if_not_compressed => true) from show_chunks('visits') as chunk");
    const packed = await here(CHUNKS, [['visits']]);
    expect(packed.every(({ is_compressed }) => is_compressed)).toBe(true);
    await here("delete from visits where device_id = 'door' and opened_at < '2026-04-10'");
    await here("delete from visits where device_id in ('hall', 'yard') and opened_at < '2026-04-10'");
    const [{ dropped = 0 } = {}] = await here("select drop_empty_chunks('visits', '2026-04-10') as dropped");
    expect(dropped).toBeGreaterThan(0);
  });

  test('takes the script for a Kafka that was not lost, also twice', patient, async ({ skip }) => {
    if (!isPossible) return skip();
    const commands = commandsOf('Kafka');
    expect(commands).toHaveLength(1);
    const claims = 'select count(*)::int as claims, bool_and(confirmed) as confirmed from frame_claims';
    for (const _ of ['first', 'again']) {
      await inShell(commands, { db: to.connectionString, cwd: ROOT });
      expect(await here(claims)).toEqual([{ claims: frames().length, confirmed: true }]);
    }
  });

  test('knows nothing any more of a Kafka that was lost', patient, async ({ skip }) => {
    if (!isPossible) return skip();
    const commands = commandsOf('If Kafka was lost too');
    expect(commands).toHaveLength(1);
    const offsets = 'select count(*)::int as offsets from consumer_offsets';
    expect(await here(offsets)).not.toEqual([{ offsets: 0 }]);
    await inShell(commands, { db: to.connectionString, cwd: ROOT });
    expect(await here(offsets)).toEqual([{ offsets: 0 }]);
  });
});
