import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hasProgram, read, repositoryFiles } from '../dev/compose/compose-file-under-test.ts';
import { metricsIn, unknownLabels, unknownMetrics } from '../dev/compose/metrics-under-test.ts';
import { dashboards, textOf } from './dashboards.ts';
import { expandPromql } from './expand-query.ts';
import { all } from './known-data-under-test.ts';
import { isSql, type PromqlQuestion, questionsOf, readDashboards } from './questions.ts';

const hasPromtool = hasProgram('promtool', ['--version'], 'that the panels ask what Prometheus understands');
const committed = readDashboards();
const questions = questionsOf(committed);
const queries = questions.filter((question): question is PromqlQuestion => !isSql(question)).map(({ expr }) => expr);
const { datasources } = parse(read('grafana/provisioning/datasources/datasources.yml')) as {
  datasources: readonly { readonly uid: string; readonly type: string }[];
};

test('what Grafana is given is what the code says: npm run dashboards', () => {
  const files = readdirSync(new URL('dashboards/', import.meta.url)).sort();
  expect(files).toEqual(
    Object.keys(dashboards)
      .map((name) => `${name}.json`)
      .sort(),
  );
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const text = readFileSync(new URL(`dashboards/${name}.json`, import.meta.url), 'utf8');
    expect(text === textOf(dashboard), `${name}.json is stale`).toBe(true);
  }
});

test('every statement is asked by a dashboard', () => {
  const files = repositoryFiles.filter((file) => file.startsWith('grafana/sql/'));
  const asked = new Set(questions.filter(isSql).map(({ rawSql }) => rawSql));
  expect(files.length).toBeGreaterThan(20);
  expect(
    files.filter(
      (file) =>
        !asked.has(
          read(file)
            .replace(/^ *--.*\n/gm, '')
            .trim(),
        ),
    ),
  ).toEqual([]);
});

describe.each([...committed])('%s', (name, dashboard) => {
  const { panels, templating, annotations, links, tags } = dashboard;
  const shown = panels.filter(({ type }) => type !== 'row');

  test('lies beside itself and not over itself, each panel with a number of its own', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
  });

  test('says of each panel what it shows and asks, in which unit, and what stands where there is nothing', () => {
    for (const { title, type, description, datasource, fieldConfig, targets = [] } of shown) {
      expect(description, title).toMatch(/\.$/);
      expect(datasources, title).toContainEqual(expect.objectContaining({ ...datasource }));
      expect(targets.length, title).toBeGreaterThan(0);
      // A table has units by column, and says by itself that there is no row; its empty cells stay empty.
      if (type === 'table') continue;
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(fieldConfig?.defaults.noValue, title).toBeTruthy();
    }
  });

  test('has units for whatever a table shows of bytes, times and durations', () => {
    for (const { title, fieldConfig, targets = [] } of shown.filter(({ type }) => type === 'table')) {
      const text = targets.map(({ rawSql }) => rawSql).join('\n');
      const columns = text.matchAll(/\b(\w+_(?:ms|s|bytes)|began|oldest|last_seen|recorded_at)(?=,?\n)|\bas (at),/g);
      for (const [, long, short] of columns) {
        const column = long ?? short;
        const set = fieldConfig?.overrides.filter(({ matcher }) => matcher.options === column) ?? [];
        expect(
          set.flatMap(({ properties }) => properties.map(({ id }) => id)),
          `${title}: ${column}`,
        ).toContain('unit');
      }
    }
  });

  test('asks only for variables that it has', () => {
    const known = [...templating.list.map(({ name }) => name), '__interval', '__interval_ms', '__rate_interval'];
    const used = questionsOf(new Map([[name, dashboard]]))
      .map((question) => (isSql(question) ? question.rawSql : question.expr))
      .flatMap((text) => [...text.matchAll(/\$(\w+)(?!\w|\()/g)])
      .map(([, name = '']) => name);
    expect([...new Set(used)].filter((name) => !known.includes(name))).toEqual([]);
    expect(annotations.list.length).toBeGreaterThan(0);
  });

  test('hides neither its links nor its marks in a menu', () => {
    expect(links.map(({ type, tags }) => [type, tags])).toEqual([['dashboards', ['passerby']]]);
    expect(tags).toContain('passerby');
    expect([...links, ...annotations.list].filter((one) => 'placement' in one)).toEqual([]);
  });

  test('leads only to dashboards and answers that there are', () => {
    const { paths } = JSON.parse(read('schemas/openapi.json')) as { paths: Record<string, object> };
    const urls = [...JSON.stringify(panels).matchAll(/"url":"([^"?]+)/g)].map(([, url = '']) => url);
    for (const url of urls) {
      const known = url.startsWith('/d/')
        ? [...committed.values()].some((other) => `/d/${other.uid}` === url)
        : paths[url.replace(/^(\.\.\/)+/, '/').replace(/\$\{[^}]*\}/, '{number}')];
      expect(known, url).toBeTruthy();
    }
  });
});

describe('what Prometheus is asked', () => {
  test('is of metrics that there are, and of most of them', () => {
    expect(metricsIn(queries.join('\n')).length).toBeGreaterThan(15);
    expect(unknownMetrics(queries.join('\n'))).toEqual([]);
    for (const query of queries) expect(unknownLabels(query), query).toEqual([]);
  });

  test.skipIf(!hasPromtool)('is what it understands', () => {
    const rules = queries.map((query, at) => ({ record: `query:${at}`, expr: expandPromql(query, all) }));
    const said = promtool(['check', 'rules', '--lint=none'], { groups: [{ name: 'queries', rules }] });
    expect(said).toContain(`${rules.length} rules found`);
  });

  test.skipIf(!hasPromtool)('marks a service that has started, once, by its release', () => {
    const [query = ''] = queries.filter((one) => one.includes('process_start_time_seconds <'));
    const of = '{job="ingest", instance="a"}';
    const info = 'passerby_build_info{job="ingest", instance="a", version="2"}';
    // Started 5 min 10 s in; scraped every 15 s, and looked at every minute.
    const input_series = [
      { series: `process_start_time_seconds${of}`, values: '-9000x20 310x40' },
      { series: info, values: '1x61' },
    ];
    const promql_expr_test = [4, 5, 6, 7, 8].map((minute) => ({
      expr: expandPromql(query, { ...all, intervalMs: 60_000 }),
      eval_time: `${minute}m`,
      exp_samples: minute === 6 ? [{ labels: info, value: 1 }] : [],
    }));
    const tests = [{ interval: '15s', input_series, promql_expr_test }];
    expect(promtool(['test', 'rules'], { evaluation_interval: '1m', tests })).toContain('SUCCESS');
  });
});

/** What promtool says of a file, which may be JSON. */
function promtool(command: readonly string[], content: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-queries-'));
  const file = join(folder, 'queries.json');
  writeFileSync(file, JSON.stringify(content));
  try {
    return execFileSync('promtool', [...command, file], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
