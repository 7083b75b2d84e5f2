import type pg from 'pg';
import { expandPromql, expandSql, type Given } from '../../grafana/expand-query.ts';
import type { Panel } from '../../grafana/questions.ts';

/** What a panel shows: rows, or lines over time. A time is in milliseconds. */
export interface Data {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly series: readonly Series[];
  readonly trouble: string | null;
}
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

interface Sources {
  readonly client: pg.ClientBase;
  readonly prometheusUrl: string | null;
}

const NOTHING: Data = { columns: [], rows: [], series: [], trouble: null };

/** Points of a chart that is as wide as half of a page. */
const POINTS = 300;

export async function askPanel({ targets = [], interval = '15s' }: Panel, given: Given, of: Sources): Promise<Data> {
  const leastMs = { '1h': 3_600_000, '1m': 60_000 }[interval] ?? 15_000;
  const exactMs = Math.max(leastMs, (given.toMs - given.fromMs) / POINTS);
  const rounded = { ...given, intervalMs: ROUND_MS.find((ms) => ms >= exactMs) ?? exactMs };
  const answers: Data[] = [];
  try {
    for (const { rawSql, format, expr, legendFormat = '' } of targets) {
      if (rawSql) answers.push(await askDatabase(of.client, expandSql(rawSql, rounded, { timescale: false }), format));
      if (expr) answers.push(await askPrometheus(of.prometheusUrl, { expr, legendFormat }, rounded));
    }
  } catch (error) {
    return { ...NOTHING, trouble: String(error) };
  }
  const [first = NOTHING] = answers;
  return { ...first, series: answers.flatMap(({ series }) => series) };
}

const ROUND_MS = [15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000];

async function askDatabase(client: pg.ClientBase, text: string, format?: string): Promise<Data> {
  const answer = await client.query({ text, rowMode: 'array' });
  const columns = answer.fields.map(({ name }) => name);
  const rows = answer.rows.map((row: unknown[]) => row.map((value, at) => plain(value, columns[at])));
  return { ...NOTHING, columns, rows, series: format === 'time_series' ? seriesOf(columns, rows) : [] };
}

/** The driver tells a bigint as text; of the column `time` numbers are seconds. */
function plain(value: unknown, column?: string): unknown {
  if (value instanceof Date) return value.getTime();
  if (column === 'time' && typeof value !== 'object') return Number(value) * 1_000;
  return typeof value === 'string' && /^-?\d{1,15}(\.\d+)?$/.test(value) ? Number(value) : value;
}

function seriesOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): Series[] {
  const named = columns.indexOf('metric');
  const found = new Map<string, [number, number][]>();
  for (const row of rows) {
    for (const [at, column] of columns.entries()) {
      if (column === 'time' || column === 'metric') continue;
      const name = named < 0 ? column : String(row[named]);
      const points = found.get(name) ?? [];
      found.set(name, points);
      points.push([Number(row[columns.indexOf('time')]), Number(row[at])]);
    }
  }
  return [...found].map(([name, points]) => ({ name, points }));
}

interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

async function askPrometheus(
  url: string | null,
  { expr, legendFormat }: { readonly expr: string; readonly legendFormat: string },
  given: Given,
): Promise<Data> {
  if (!url) return { ...NOTHING, trouble: 'no Prometheus was named' };
  const asked = new URL('/api/v1/query_range', url);
  asked.search = String(
    new URLSearchParams({
      query: expandPromql(expr, given),
      start: String(given.fromMs / 1_000),
      end: String(given.toMs / 1_000),
      step: String(given.intervalMs / 1_000),
    }),
  );
  const answer = await fetch(asked);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  const { data } = (await answer.json()) as Matrix;
  const series = data.result.map(({ metric, values }) => ({
    name: legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
    points: values
      .map(([atS, value]) => [atS * 1_000, Number(value)] as const)
      .filter(([, value]) => !Number.isNaN(value)),
  }));
  return { ...NOTHING, series };
}
