import { expect, test } from 'vitest';
import { logDeadlines } from './receipt.ts';

const DAY_MS = 86_400_000;
const finished_at = new Date(Date.UTC(2026, 4, 1));
const daysUntil = (erasesConsumed: boolean, kind: 'device' | 'range') =>
  Object.fromEntries(
    logDeadlines({ kind, finished_at }, { nowMs: 0, erasesConsumed }).map(({ topic, by }) => [
      topic,
      (by.getTime() - finished_at.getTime()) / DAY_MS,
    ]),
  );

test('on a broker, what a topic keeps and a week for its segments; of compacted ones three days', () => {
  expect(daysUntil(false, 'device')).toEqual({
    frames: 14,
    backlog: 14,
    observations: 9,
    events: 37,
    'device-status': 8,
    'dead-letters': 21,
    'tracker-state': 3,
    'device-config': 3,
  });
  expect(daysUntil(false, 'range')).not.toHaveProperty('device-config');
});

test('while it is running, as if it were done now', () => {
  const [first] = logDeadlines({ kind: 'range', finished_at: null }, { nowMs: DAY_MS, erasesConsumed: false });
  expect(first?.by).toEqual(new Date(15 * DAY_MS));
});
