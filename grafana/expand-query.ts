/**
 * What Grafana makes of a panel's query before it is asked: variables, in the browser; and macros, in its PostgreSQL data
 * source. A macro that this does not know is none that a panel may use.
 */
export interface Given {
  readonly fromMs: number;
  readonly toMs: number;
  /** How long one point stands for. */
  readonly intervalMs: number;
  /** What is chosen of each variable, and all there is where it is `All`. */
  readonly chosen: Readonly<Record<string, readonly string[]>>;
}

export function expandSql(text: string, given: Given, options: { readonly timescale: boolean }): string {
  return expandMacros(expandVariables(text, given, quoted), given, options);
}

/** As provisioning tells Grafana. */
const SCRAPE_MS = 15_000;

/** Variables as a regular expression, which is how Prometheus matches labels. A rate is of no less than four scrapes. */
export function expandPromql(text: string, given: Given): string {
  const rateMs = Math.max(given.intervalMs + SCRAPE_MS, 4 * SCRAPE_MS);
  return expandVariables(text.replaceAll('$__rate_interval', durationOf(rateMs)), given, matching);
}

const VARIABLE = /\$(\w+)|\$\{(\w+)\}/g;

export function expandVariables(text: string, given: Given, list: (values: readonly string[]) => string): string {
  return text.replace(VARIABLE, (written, plain?: string, braced?: string) => {
    const name = plain ?? braced ?? '';
    if (name === '__interval') return durationOf(given.intervalMs);
    if (name === '__interval_ms') return String(given.intervalMs);
    const values = given.chosen[name];
    return values ? list(values) : written;
  });
}

/** One literal or several, as they stand in a list. */
export function quoted(values: readonly string[]): string {
  return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(',');
}

function matching(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|{}[\]]/g, '\\\\$&'));
  return escaped.length === 1 ? String(escaped[0]) : `(${escaped.join('|')})`;
}

const MACRO = /\$(\w+)\(([^)]*)\)/g;

function expandMacros(text: string, { fromMs, toMs }: Given, { timescale }: { readonly timescale: boolean }): string {
  const [from, to] = [fromMs, toMs].map((ms) => `'${new Date(ms).toISOString()}'`);
  return text.replace(MACRO, (written, name: string, list: string) => {
    const [column = '', interval = ''] = list.split(',').map((argument) => argument.trim());
    if (name === '__timeFrom') return String(from);
    if (name === '__timeTo') return String(to);
    if (name === '__timeFilter') return `${column} BETWEEN ${from} AND ${to}`;
    if (name !== '__timeGroup') throw new Error(`${written} is no macro that is known`);
    const seconds = secondsOf(interval);
    return timescale
      ? `time_bucket('${seconds.toFixed(3)}s',${column})`
      : `floor(extract(epoch from ${column})/${seconds})*${seconds}`;
  });
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** In the greatest unit of which it is a whole number. */
function durationOf(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}

function secondsOf(duration: string): number {
  const [, count = '', unit = ''] = duration.match(/^(\d+)(ms|[smhd])$/) ?? [];
  const ms = UNITS.find(([name]) => name === unit)?.[1];
  if (!ms) throw new Error(`${duration} is no interval`);
  return (Number(count) * ms) / 1_000;
}
