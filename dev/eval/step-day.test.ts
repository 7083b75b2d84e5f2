import { expect, test } from 'vitest';
import type { Event } from '../../schemas/types.ts';
import { stepDay } from './step-day.ts';

const HOUR_MS = 3_600_000;
const AROUND_MS = 60_000;
const MIDNIGHT_MS = Date.UTC(2026, 4, 4);
const day = (seed: number) => stepDay({ deviceId: 'shop', midnightMs: MIDNIGHT_MS, fps: 5, seed });

function eventsOf(seed: number, fromMs: number, untilMs: number) {
  const told = [...day(seed).frames(fromMs, untilMs)].flatMap((frame) => frame.told);
  return told.flatMap((output) => (output.kind === 'event' ? [output.event] : []));
}

/** The newest version of each visit, as [from, until]. */
function visitsIn(events: readonly Event[]): readonly (readonly [number, number])[] {
  const visits = new Map(events.filter(({ type }) => type === 'visit').map((event) => [event.event_id, event]));
  return [...visits.values()].map(({ occurred_at, ended_at }) => [occurred_at, ended_at ?? Number.POSITIVE_INFINITY]);
}

test('a reference day has sixty visitors, within the hours in which the shop is open', () => {
  const { stays } = day(1);
  expect(stays).toHaveLength(60);
  for (const { fromMs, untilMs } of stays) {
    expect(fromMs).toBeGreaterThanOrEqual(9 * HOUR_MS);
    expect(untilMs).toBeLessThanOrEqual(18 * HOUR_MS);
    expect(untilMs - fromMs).toBeGreaterThanOrEqual(20_000);
  }
});

test('nobody is seen at night', () => {
  expect(eventsOf(1, 2 * HOUR_MS, 2 * HOUR_MS + 120_000)).toEqual([]);
});

test('whoever is alone is one visit, for about as long as they are there', () => {
  const { stays } = day(1);
  const isAlone = (stay: (typeof stays)[number]) =>
    stays.every(
      (other) => other === stay || other.untilMs + AROUND_MS < stay.fromMs || other.fromMs > stay.untilMs + AROUND_MS,
    );
  const alone = stays.filter((stay) => isAlone(stay) && stay.untilMs - stay.fromMs < 120_000).slice(0, 3);
  expect(alone).toHaveLength(3);
  for (const { fromMs, untilMs } of alone) {
    const visits = visitsIn(eventsOf(1, fromMs - AROUND_MS, untilMs + AROUND_MS));
    expect(visits).toHaveLength(1);
    for (const [openedAtMs, endedAtMs] of visits) {
      expect(Math.abs(openedAtMs - (MIDNIGHT_MS + fromMs))).toBeLessThan(5_000);
      expect(Math.abs(endedAtMs - (MIDNIGHT_MS + untilMs))).toBeLessThan(5_000);
    }
  }
});
