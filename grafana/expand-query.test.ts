import { describe, expect, test } from 'vitest';
import { expandPromql, expandSql, type Given } from './expand-query.ts';

const given: Given = {
  fromMs: Date.UTC(2026, 4, 1, 6),
  toMs: Date.UTC(2026, 4, 1, 12),
  intervalMs: 90_000,
  chosen: { device: ['door', "o'clock"], zone: [], site: ['a.b'] },
};
const [FROM, TO] = [`'2026-05-01T06:00:00.000Z'`, `'2026-05-01T12:00:00.000Z'`];

describe('a question in SQL, as Grafana asks it', () => {
  test.each([
    ['$__timeFilter(at)', `at BETWEEN ${FROM} AND ${TO}`],
    ['$__timeFilter(events.at) and b', `events.at BETWEEN ${FROM} AND ${TO} and b`],
    [`date_trunc('hour', $__timeFrom()::timestamptz, 'UTC')`, `date_trunc('hour', ${FROM}::timestamptz, 'UTC')`],
    ['at < $__timeTo()', `at < ${TO}`],
    ['$__timeGroup(at, $__interval)', 'floor(extract(epoch from at)/90)*90'],
    ['$__timeGroup(at, 250ms)', 'floor(extract(epoch from at)/0.25)*0.25'],
    ["$__interval_ms * interval '1 ms'", "90000 * interval '1 ms'"],
    ['array[$device]', `array['door','o''clock']`],
    ['array[$zone]', 'array[]'],
    ["'$.zones[*]' and $nobody", "'$.zones[*]' and $nobody"],
  ])('%s', (text, expanded) => {
    expect(expandSql(text, given, { timescale: false })).toBe(expanded);
  });

  test('groups by time as TimescaleDB does, where Grafana is told that there is one', () => {
    expect(expandSql('$__timeGroup(at, $__interval)', given, { timescale: true })).toBe(`time_bucket('90.000s',at)`);
  });

  test.each([
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [1_500, '1500ms'],
    [60_000, '1m'],
  ])('%i ms are %s', (intervalMs, told) => {
    expect(expandSql('$__interval', { ...given, intervalMs }, { timescale: false })).toBe(told);
  });

  test('a macro that nobody knows, or no interval, is an error', () => {
    expect(() => expandSql('$__unixEpoch(at)', given, { timescale: false })).toThrow('$__unixEpoch(at)');
    expect(() => expandSql('$__timeGroup(at, soon)', given, { timescale: false })).toThrow('soon');
  });
});

test('a question in PromQL, as Grafana asks it', () => {
  expect(expandPromql('rate(a{device=~"$device"}[$__rate_interval])', given)).toBe(
    `rate(a{device=~"(door|o'clock)"}[105s])`,
  );
  expect(expandPromql('[$__rate_interval]', { ...given, intervalMs: 15_000 })).toBe('[1m]');
  expect(expandPromql('a{site=~"$site"} < $__interval_ms / 1000', given)).toBe('a{site=~"a\\\\.b"} < 90000 / 1000');
});
