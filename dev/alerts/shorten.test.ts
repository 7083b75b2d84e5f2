import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { read } from '../compose/compose-file-under-test.ts';
import { shortenDuration, shortenQuery, shortenRoute, shortenRules } from './shorten.ts';

describe('times, shorter by one factor', () => {
  test.each([
    ['deriv(a[15m]) > 6', 'deriv(a[15000ms]) > 6'],
    ['up == 0', 'up == 0'],
    ['passerby:log_lag_seconds > 300', 'passerby:log_lag_seconds > 5'],
    ['a unless a offset 1h', 'a unless a offset 60000ms'],
    ['rate(a_seconds_count{status=~"5.."}[5m]) > 300', 'rate(a_seconds_count{status=~"5.."}[5000ms]) > 300'],
    ['60 * deriv(a_seconds[15m]) > 6 and a_seconds > 60', '60 * deriv(a_seconds[15000ms]) > 6 and a_seconds > 1'],
  ])('%s', (query, shorter) => {
    expect(shortenQuery(query, 60)).toBe(shorter);
    expect(shortenQuery(query, 1)).toBe(query);
  });

  test.each([
    ['4h', 60, '240000ms'],
    ['30s', 60, '500ms'],
    ['1s', 10_000, '1ms'],
    ['2d', 1, '2d'],
  ])('%s by %d', (duration, factor, shorter) => expect(shortenDuration(duration, factor)).toBe(shorter));

  test('what is no duration is not guessed at', () => {
    expect(() => shortenDuration('soon', 60)).toThrow('soon is no duration');
  });

  test('of a route', () => {
    const route = { receiver: 'nobody', group_by: ['job'], group_wait: '30s', repeat_interval: '4h' };
    expect(shortenRoute(route, 60)).toEqual({ ...route, group_wait: '500ms', repeat_interval: '240000ms' });
  });

  test('of the shipped rules: nothing is lost, and by 1 nothing changed', () => {
    const shipped = read('ops/prometheus/rules.yml');
    expect(parse(shortenRules(shipped, 1))).toEqual(parse(shipped));
    const shorter = shortenRules(shipped, 60);
    expect(shorter).not.toMatch(/\[\d+[smhd]\]|for: \d+[smhd]\b/);
    const namesIn = (text: string) => text.match(/(?:alert|record): \S+/g);
    expect(namesIn(shorter)).toEqual(namesIn(shipped));
  });
});
