import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { migrations } from '../aggregator/aggregator.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { compose, hasProgram, isThere, read, repositoryFiles } from './compose/compose-file-under-test.ts';
import { metricsIn, unknownMetrics } from './compose/metrics-under-test.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly datasource: { readonly uid: string; readonly type: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr?: string; readonly rawSql?: string }[];
}
interface Provisioned {
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly user?: string;
  readonly jsonData: { readonly database?: string };
  readonly secureJsonData?: { readonly password: string };
}

const hasPromtool = hasProgram('promtool', ['--version'], 'that the panels ask what Prometheus understands');
const files = repositoryFiles.filter((file) => /^grafana\/dashboards\/.*\.json$/.test(file));
const panels = files.flatMap((file) => (JSON.parse(read(file)) as { panels: Panel[] }).panels);
const queries = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr ?? []));
const { datasources } = parse(read('grafana/provisioning/datasources/datasources.yml')) as {
  datasources: Provisioned[];
};
const source = (uid: string) => datasources.find((datasource) => datasource.uid === uid);

describe('Grafana', () => {
  test('is given the dashboards where it looks for them', () => {
    const { providers } = parse(read('grafana/provisioning/dashboards/dashboards.yml'));
    const { volumes = [], environment = {} } = compose.services.grafana ?? {};
    expect(volumes).toContain(`./grafana/dashboards:${providers[0].options.path}:ro`);
    const home = String(environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH);
    expect(isThere(home.replace(providers[0].options.path, 'grafana/dashboards'))).toBe(true);
    for (const folder of ['dashboards', 'datasources']) {
      expect(volumes).toContain(`./grafana/provisioning/${folder}:/etc/grafana/provisioning/${folder}:ro`);
    }
  });

  test('has data sources that are there, and no password of theirs written down', () => {
    const { prometheus, timescaledb, reader, grafana } = compose.services;
    expect(source('prometheus')?.url.replace('prometheus', '127.0.0.1')).toBe(
      prometheus?.healthcheck?.test.at(-1)?.replace('/-/ready', ''),
    );
    expect(source('timescaledb')).toMatchObject({
      url: `${reader?.environment?.PGHOST}:5432`,
      jsonData: { database: timescaledb?.environment?.POSTGRES_DB },
    });
    const passwords = datasources.flatMap(({ secureJsonData }) => Object.values(secureJsonData ?? {}));
    expect(passwords).toEqual([`$__env{GRAFANA_READER_PASSWORD}`]);
    expect(grafana?.environment).toHaveProperty('GRAFANA_READER_PASSWORD');
  });

  test('has panels that ask those, beside each other and not over each other', () => {
    expect(panels.length).toBeGreaterThan(8);
    for (const {
      title,
      datasource,
      gridPos: { x, w },
    } of panels) {
      expect(source(datasource.uid)?.type, title).toBe(datasource.type);
      expect(x + w, title).toBeLessThanOrEqual(24);
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  test('shows metrics that there are, and most of them', () => {
    expect(metricsIn(queries.join('\n')).length).toBeGreaterThan(6);
    expect(unknownMetrics(queries.join('\n'))).toEqual([]);
  });

  test.skipIf(!hasPromtool)('asks what Prometheus understands', () => {
    const folder = mkdtempSync(join(tmpdir(), 'passerby-queries-'));
    const file = join(folder, 'rules.json');
    const rules = queries.map((query, at) => ({
      record: `query:${at}`,
      expr: query.replaceAll('$__rate_interval', '5m'),
    }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules }] }));
    expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain(
      `${rules.length} rules found`,
    );
    rmSync(folder, { recursive: true });
  });
});

describe('whom Grafana reads as', () => {
  const password = 'a-password_of-1';
  let services: ServicesUnderTest;
  let reader: pg.Client;

  beforeAll(async () => {
    services = await startServices({ migrations });
    const owner = new pg.Client({
      connectionString: services.connectionString,
      options: String(compose.services.reader?.environment?.PGOPTIONS).replace(/\$\{[^}]*\}/, password),
    });
    await owner.connect();
    // As at the first start, and at each that follows.
    for (let start = 0; start < 2; start += 1) await owner.query(read('ops/timescaledb/reader.sql'));
    await owner.end();
    const url = new URL(services.connectionString);
    url.username = source('timescaledb')?.user ?? '';
    url.password = password;
    reader = new pg.Client({ connectionString: url.href });
    await reader.connect();
  });
  afterAll(async () => {
    await reader?.end();
    await services?.stop();
  });

  test('can ask what the panels ask', async () => {
    const statements = panels.flatMap(({ targets }) => targets.flatMap(({ rawSql }) => rawSql ?? []));
    expect(statements.length).toBeGreaterThan(1);
    for (const statement of statements) {
      const sql = statement.replace(/\$__timeFilter\((\w+)\)/g, "$1 between now() - interval '6 hours' and now()");
      expect(sql).not.toContain('$__');
      await expect(reader.query(sql), statement).resolves.toMatchObject({ rows: [] });
    }
  });

  test('can ask for results by their own names, and for what they come from', async () => {
    const results = ['results.events', 'results.person_summary', 'visits', 'event_counts', 'observations'];
    const sums = ['visits_hourly', 'visits_daily', 'zones_hourly', 'crowds_hourly', 'ingest_minutely'];
    for (const table of [...results, ...sums]) {
      await expect(reader.query(`select * from ${table}`), table).resolves.toMatchObject({ rows: [] });
    }
  });

  test('sees no user, and writes nothing', async () => {
    const refused = { code: '42501' };
    await expect(reader.query('select * from users')).rejects.toMatchObject(refused);
    await reader.query('set default_transaction_read_only = off');
    for (const attempt of [
      'delete from events',
      'update devices set id = id',
      'truncate captures',
      'create table t ()',
    ]) {
      await expect(reader.query(attempt), attempt).rejects.toMatchObject(refused);
    }
  });
});
