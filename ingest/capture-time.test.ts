import { expect, test } from 'vitest';
import { captureTime } from './capture-time.ts';

const NOW_MS = Date.UTC(2026, 4, 1, 12);
const MINUTE_MS = 60_000;

test.each([
  ['now', NOW_MS, 'device'],
  ['a year ago', NOW_MS - 365 * 24 * 60 * MINUTE_MS, 'device'],
  ['the first that a camera of ours may state', Date.UTC(2015, 0, 1), 'device'],
  ['just before that', Date.UTC(2015, 0, 1) - 1, 'arrival'],
  ['milliseconds since boot', 12_345, 'arrival'],
  ['nothing', 0, 'arrival'],
  ['seconds where milliseconds are asked for', NOW_MS / 1_000, 'arrival'],
  ['microseconds where milliseconds are asked for', NOW_MS * 1_000, 'arrival'],
  ['a clock a little fast', NOW_MS + 5 * MINUTE_MS, 'device'],
  ['a clock too fast', NOW_MS + 5 * MINUTE_MS + 1, 'arrival'],
  ['the greatest number a file name can hold', 999_999_999_999_999, 'arrival'],
])('%s', (_what, statedMs, timeQuality) => {
  expect(captureTime({ statedMs }, NOW_MS)).toEqual({
    capturedAtMs: timeQuality === 'device' ? statedMs : NOW_MS,
    timeQuality,
  });
});
