import { expect, test } from 'vitest';
import { outcomeLine, progressLine } from './report.ts';

const counts = { acknowledged: 98, duplicates: 2, retries: 3 };

test('the last line is for programs', () => {
  const latenciesMs = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(outcomeLine({ ...counts, devices: 2, frames: 100, latenciesMs, counted: 97, missing: 1 })).toBe(
    'devices=2 frames=100 acknowledged=98 duplicates=2 retries=3 p50_ms=50 p95_ms=95 p99_ms=99 counted=97 missing=1',
  );
});

test('progress says what waits and why', () => {
  expect(progressLine({ ...counts, elapsedMs: 5021, captured: 100, retryReason: 'HTTP 503', latenciesMs: [] })).toBe(
    '5 s: 100 captured, 98 acknowledged, 2 waiting, 2 duplicates, 3 retries (last: HTTP 503), p50 0 ms, p95 0 ms',
  );
});
