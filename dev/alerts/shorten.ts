import { parse, stringify } from 'yaml';

/**
 * The shipped rules and ways of Alertmanager with all their times shorter by one factor, so that a test need not wait for
 * minutes: ranges, offsets, `for`, and numbers that are compared with what is told in seconds. Nothing else is changed.
 */
const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+)([smhd])$/;
const TIMES_OF_ALERTMANAGER = ['group_wait', 'group_interval', 'repeat_interval'];

interface Rules {
  readonly groups: readonly { readonly rules: readonly Record<string, unknown>[] }[];
}

export function shortenRules(text: string, factor: number): string {
  const { groups } = parse(text) as Rules;
  const shorter = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: shortenQuery(String(rule.expr), factor),
      ...(rule.for !== undefined && { for: shortenDuration(String(rule.for), factor) }),
    })),
  }));
  return stringify({ groups: shorter });
}

export function shortenQuery(query: string, factor: number): string {
  return query
    .replaceAll(/\[(\d+[smhd])\]/g, (_, range: string) => `[${shortenDuration(range, factor)}]`)
    .replaceAll(/\boffset (\d+[smhd])\b/g, (_, offset: string) => `offset ${shortenDuration(offset, factor)}`)
    .replaceAll(
      /(_seconds\s*[<>]=?\s*)(\d+(?:\.\d+)?)/g,
      (_, compared: string, seconds: string) => `${compared}${Number(seconds) / factor}`,
    );
}

/** One route; what is below it would be shortened alike. */
export function shortenRoute<Route extends object>(route: Route, factor: number): Route {
  const shorter = Object.entries(route).map(([name, value]) =>
    TIMES_OF_ALERTMANAGER.includes(name) ? [name, shortenDuration(String(value), factor)] : [name, value],
  );
  return Object.fromEntries(shorter) as Route;
}

export function shortenDuration(duration: string, factor: number): string {
  const [, count = '', unit = ''] = DURATION.exec(duration) ?? [];
  if (count === '') throw new TypeError(`${duration} is no duration`);
  if (factor === 1) return duration;
  return `${Math.max(1, Math.round((Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]) / factor))}ms`;
}
