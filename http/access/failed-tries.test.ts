import { expect, test } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { createFailedTries, networkOf } from './failed-tries.ts';

function fail(times: number) {
  const clock = createManualClock(1_000_000);
  const tries = createFailedTries({ nowMs: clock.nowMs, freeTries: 10 });
  for (let round = 0; round < times; round++) expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
  return { clock, tries };
}

test('ten tries are free; then each failure doubles the wait', () => {
  const { clock, tries } = fail(10);
  for (const waitMs of [1_000, 2_000, 4_000, 8_000]) {
    expect(tries.take('10.0.0.1')).toEqual({ waitMs });
    clock.advance(waitMs - 1);
    expect(tries.take('10.0.0.1')).toEqual({ waitMs: 1 });
    clock.advance(1);
    expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
  }
  expect(tries.take('10.0.0.2')).toEqual({ waitMs: 0 });
});

test('success, and quiet, start anew; a try without a result does not count', () => {
  const { clock, tries } = fail(10);
  tries.undo('10.0.0.1');
  expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
  clock.advance(15 * 60_000);
  expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
  expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
  tries.succeeded('10.0.0.1');
  for (let round = 0; round < 10; round++) expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
});

test('the wait stays below some minutes', () => {
  const { clock, tries } = fail(10);
  for (let round = 0; round < 30; round++) {
    clock.advance(5 * 60_000);
    expect(tries.take('10.0.0.1')).toEqual({ waitMs: 0 });
  }
  expect(tries.take('10.0.0.1')).toEqual({ waitMs: 5 * 60_000 });
});

test('an IPv6 network counts as one address', () => {
  expect(networkOf('10.0.0.1')).toBe('10.0.0.1');
  expect(networkOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
});
