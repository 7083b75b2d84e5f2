import { askPrometheus } from '../alerts/ask-prometheus.ts';
import type { SeenSeries } from './promtool-series.ts';

export interface Span {
  readonly fromS: number;
  readonly steps: number;
  readonly stepS: number;
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [atS: number, value: string])[];
  }[];
}

const PROBES = '/livez|/readyz|/metrics';
const DIGITS = 6;

/** What rules name, and `up`: histograms by the part of them that is named. */
export function metricsOf(rules: string): readonly string[] {
  return [...new Set(['up', ...(rules.match(/\bpasserby_\w+/g) ?? [])])].sort();
}

/**
 * What a Prometheus has seen of these metrics, at each step as its rules saw it. There is one instance of each job, and
 * it goes by the job's name; requests of watchers, which no rule looks at, are left out. Times are told from the
 * beginning on, as promtool's clock begins at nothing.
 */
export async function readSeries(url: string, metrics: readonly string[], span: Span): Promise<readonly SeenSeries[]> {
  const { fromS, steps, stepS } = span;
  const { result } = await askPrometheus<Matrix>(url, 'query_range', {
    query: `{__name__=~"${metrics.join('|')}", route!~"${PROBES}"}`,
    start: String(fromS),
    end: String(fromS + (steps - 1) * stepS),
    step: String(stepS),
  });
  return result
    .map(({ metric, values }) => {
      const { __name__: name = '', job = '' } = metric;
      const isTime = name.endsWith('_timestamp_seconds');
      const seen = Array.from({ length: steps }, (): string | null => null);
      for (const [atS, value] of values) {
        seen[Math.round((atS - fromS) / stepS)] = rounded(isTime ? Number(value) - fromS : Number(value));
      }
      return { labels: { ...metric, instance: job }, values: seen };
    })
    .sort((a, b) => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1));
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}
