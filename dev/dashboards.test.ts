import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { migrations } from '../aggregator/aggregator.ts';
import { type ServicesUnderTest, startServices } from '../ports/store/services-under-test.ts';
import { compose, isThere, read } from './compose/compose-file-under-test.ts';

interface Provisioned {
  readonly uid: string;
  readonly type: string;
  readonly url: string;
  readonly user?: string;
  readonly jsonData: { readonly database?: string };
  readonly secureJsonData?: { readonly password: string };
}

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
    // By it Grafana reckons how long a rate has to be at least.
    const { scrape_interval } = parse(read('ops/prometheus/prometheus.yml')).global;
    expect(source('prometheus')?.jsonData).toEqual({ timeInterval: scrape_interval });
    const [, release] = /-pg(\d+)$/.exec(timescaledb?.image ?? '') ?? [];
    expect(source('timescaledb')?.jsonData).toMatchObject({ postgresVersion: Number(release) * 100 });
    const passwords = datasources.flatMap(({ secureJsonData }) => Object.values(secureJsonData ?? {}));
    expect(passwords).toEqual([`$__env{GRAFANA_READER_PASSWORD}`]);
    expect(grafana?.environment).toHaveProperty('GRAFANA_READER_PASSWORD');
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
    // As an older release let it in.
    await owner.query('grant select on devices to passerby_reader');
    await owner.query(read('ops/timescaledb/reader.sql'));
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

  test('can ask for results by their own names, and for what they come from', async () => {
    const results = ['results.events', 'results.person_summary', 'visits', 'event_counts', 'observations'];
    const sums = ['visits_hourly', 'visits_daily', 'zones_hourly', 'crowds_hourly', 'ingest_minutely'];
    for (const table of [...results, ...sums]) {
      await expect(reader.query(`select * from ${table}`), table).resolves.toMatchObject({ rows: [] });
    }
  });

  test('sees no user and no token, and writes nothing', async () => {
    const refused = { code: '42501' };
    for (const secret of ['select * from users', 'select token_digest from devices']) {
      await expect(reader.query(secret), secret).rejects.toMatchObject(refused);
    }
    const { rows: hidden } = await reader.query(`
      select attname as name from pg_attribute
      where attrelid = 'devices'::regclass and attnum > 0 and not attisdropped and not has_column_privilege(attrelid, attnum, 'select')
      order by 1`);
    // Of what is not secret, what nobody looks at: a new column is let in, or is named here.
    const names = hidden.map(({ name }) => name);
    expect(names).toEqual([
      'former_token_digest',
      'former_token_until',
      'next_upload_seq',
      'silence_told',
      'token_digest',
    ]);
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
