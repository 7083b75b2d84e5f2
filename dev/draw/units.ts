/** A figure in its unit, about as Grafana writes it; of units that no dashboard of ours has it knows nothing. */
export function inUnit(value: unknown, unit: string | undefined, nowMs: number): string {
  if (value === null || value === undefined) return '';
  if (unit === 'dateTimeAsLocal') return new Date(Number(value)).toISOString().slice(0, 19).replace('T', ' ');
  if (unit === 'dateTimeFromNow') return `${duration(nowMs - Number(value))} ago`;
  if (typeof value !== 'number') return String(value);
  const words = UNITS[unit ?? ''];
  return words ? words(value) : String(value);
}

const UNITS: Readonly<Record<string, (value: number) => string>> = {
  short: (value) => (Math.abs(value) < 1_000 ? trimmed(value) : `${trimmed(value / 1_000)} K`),
  ms: duration,
  s: (value) => duration(value * 1_000),
  bytes: (value) => scaled(value, ['B', 'KiB', 'MiB', 'GiB', 'TiB']),
  ops: (value) => `${trimmed(value)} ops/s`,
  percentunit: (value) => `${trimmed(value * 100)}%`,
  dBm: (value) => `${trimmed(value)} dBm`,
  mvolt: (value) => `${trimmed(value)} mV`,
  celsius: (value) => `${trimmed(value)} °C`,
};

const STEPS: readonly (readonly [string, number])[] = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['mins', 60_000],
  ['s', 1_000],
];

function duration(ms: number): string {
  const [unit, size] = STEPS.find(([, least]) => Math.abs(ms) >= least) ?? ['ms', 1];
  return `${trimmed(ms / size)} ${unit}`;
}

function scaled(value: number, units: readonly string[]): string {
  const power = value <= 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${trimmed(value / 1_024 ** power)} ${units[power]}`;
}

const trimmed = (value: number) => String(Number(value.toPrecision(3)));
