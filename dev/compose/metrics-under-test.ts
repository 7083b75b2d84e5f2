import { read, repositoryFiles } from './compose-file-under-test.ts';

/** Those of services: what asks for a metric, and what tests it, registers none. */
const sources = repositoryFiles
  .filter((file) => file.endsWith('.ts') && !/^(dev|grafana)\/|test\.ts$/.test(file))
  .map(read);

/** What the code registers, by the one way in which it does, with the labels that it gives. */
const registered = new Map(
  sources.flatMap((source) =>
    [...source.matchAll(/new (?:Counter|Gauge|Histogram)\(\{([\s\S]*?)\bregisters\b/g)].map(([, declared = '']) => {
      const [, name = '', constant = ''] = /\bname: (?:'(\w+)'|(\w+))/.exec(declared) ?? [];
      const [, list] = /\blabelNames: \[([^\]]*)\]/.exec(declared) ?? [];
      const shared = /\blabelNames,/.test(declared) ? /\blabelNames = \[([^\]]*)\]/.exec(source)?.[1] : '';
      const labels = [...(list ?? shared ?? '').matchAll(/'(\w+)'/g)].map(([, label = '']) => label);
      return [name || (new RegExp(`\\b${constant} = '(\\w+)'`).exec(source)?.[1] ?? ''), labels] as const;
    }),
  ),
);
/** Of whoever is scraped, by Prometheus. */
const OF_THE_SCRAPE = ['job', 'instance'];

/** The metrics that a query names, without what a histogram adds to its name. */
export function metricsIn(query: string): string[] {
  return [...new Set(query.match(/\bpasserby_\w+/g))].map((name) => name.replace(/_(bucket|count|sum)$/, ''));
}

export function unknownMetrics(query: string): string[] {
  return metricsIn(query).filter((name) => !registered.has(name));
}

/** Those by which a query chooses, sums up or joins, and that none of its metrics has. */
export function unknownLabels(query: string): string[] {
  const known = [...OF_THE_SCRAPE, 'le', ...metricsIn(query).flatMap((name) => registered.get(name) ?? [])];
  const grouped = [...query.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.match(/\w+/g) ?? [],
  );
  const chosen = [...query.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
  return [...new Set([...grouped, ...chosen])].filter((label) => !known.includes(label));
}

/** What is amiss with a series that somebody made up: the labels that the metric has, and this one not, or the other way round. */
export function wrongLabels(series: string): string[] {
  const [name = ''] = metricsIn(series);
  const labels = [...series.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
  const given = labels.filter((label) => !OF_THE_SCRAPE.includes(label));
  const own = registered.get(name) ?? [];
  return [...given.filter((label) => !own.includes(label)), ...own.filter((label) => !given.includes(label))];
}
