import { read, repositoryFiles } from './compose-file-under-test.ts';

const sources = repositoryFiles
  .filter((file) => file.endsWith('.ts') && !file.startsWith('dev/') && !file.endsWith('.test.ts'))
  .map(read)
  .join('\n');
/** What the code registers, by the one way in which it does: a name between quotes. */
const registered = new Set([...sources.matchAll(/'(passerby_\w+)'/g)].map(([, name = '']) => name));

/** The metrics that a query names, without what a histogram adds to its name. */
export function metricsIn(query: string): string[] {
  return [...new Set(query.match(/\bpasserby_\w+/g))].map((name) => name.replace(/_(bucket|count|sum)$/, ''));
}

export function unknownMetrics(query: string): string[] {
  return metricsIn(query).filter((name) => !registered.has(name));
}
