import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { event, NOW_MS } from '../schemas/records-under-test.ts';
import type { Event } from '../schemas/types.ts';
import { type AggregatorRig, startAggregatorRig } from './rig-under-test.ts';
import { wrongSumsOfDays } from './sums-of-days-under-test.ts';

let rig: AggregatorRig;
beforeAll(async () => {
  rig = await startAggregatorRig();
});
afterEach(async () => expect(await wrongSumsOfDays(rig.services.store)).toEqual([]));
afterAll(() => rig.services.stop());

const HOUR_MS = 3_600_000;

interface Change {
  readonly event_id: string;
  readonly delta: number;
  readonly at: Date;
  readonly device_id: string;
  readonly zone_id: string;
}

/** As [one more or one less, when, in which zone]. */
async function changesOf(name: string) {
  const rows = await rig.services.rows<Change>('occupancy_changes');
  return rows
    .filter(({ event_id }) => event_id === event(name).event_id)
    .map(({ delta, at, zone_id }) => [delta, at.getTime() - NOW_MS, zone_id])
    .sort(([a], [b]) => Number(b) - Number(a));
}

const visit: Event['payload'] = {
  kind: 'Visit',
  person_id: 'P',
  state: 'opened',
  dwell_ms: 0,
  dwell_min_ms: 0,
  dwell_max_ms: 0,
  last_seen_at: null,
  track_id: null,
  sightings: 1,
  confidence: null,
  box: null,
};
const inDoor: Event['payload'] = {
  kind: 'ZoneChange',
  zone_id: 'door',
  zone_name: '',
  person_id: 'P',
  stay_ms: null,
  box: null,
};

async function tell(name: string, version: number, endedMs: number | null, change: Partial<Event> = {}) {
  const ended_at = endedMs === null ? null : NOW_MS + endedMs;
  await rig.append('events', 'event', event(name, { type: 'visit', payload: visit, version, ended_at, ...change }));
}

test('a visit is one more from its beginning, and one less from its end', async () => {
  await tell('visit', 1, null);
  await rig.drain();
  expect(await changesOf('visit')).toEqual([[1, 0, '']]);
  await tell('visit', 2, 9_000);
  await rig.drain();
  expect(await changesOf('visit')).toEqual([
    [1, 0, ''],
    [-1, 9_000, ''],
  ]);
});

test('one that goes on after all has no end until it has another one, and what comes late changes nothing', async () => {
  await tell('reopened', 2, 9_000);
  await tell('reopened', 3, null);
  await rig.drain();
  expect(await changesOf('reopened')).toEqual([[1, 0, '']]);
  await tell('reopened', 2, 9_000);
  await rig.drain();
  expect(await changesOf('reopened')).toEqual([[1, 0, '']]);
  await tell('reopened', 4, 20_000);
  await tell('reopened', 3, null);
  await rig.drain();
  expect(await changesOf('reopened')).toEqual([
    [1, 0, ''],
    [-1, 20_000, ''],
  ]);
  await tell('reopened', 5, 21_000);
  await rig.drain();
  expect(await changesOf('reopened')).toEqual([
    [1, 0, ''],
    [-1, 21_000, ''],
  ]);
});

test('a stay in a zone counts there, by when it was entered and no other event of it', async () => {
  await tell('entered', 2, 5_000, { type: 'zone_entered', payload: inDoor });
  await tell('left', 1, null, { type: 'zone_left', occurred_at: NOW_MS + 5_000, payload: inDoor });
  await tell('moved', 1, null, { type: 'motion', payload: event('moved').payload });
  await rig.drain();
  expect(await changesOf('entered')).toEqual([
    [1, 0, 'door'],
    [-1, 5_000, 'door'],
  ]);
  expect([await changesOf('left'), await changesOf('moved')]).toEqual([[], []]);
});

interface Day {
  readonly device_id: string;
  readonly zone_id: string;
  readonly day: string;
  readonly people: number;
}

test('days sum up who stayed over midnight, and forget those who did not', async () => {
  const daysOf = async () =>
    (await rig.services.rows<Day>('occupancy_days'))
      .filter(({ device_id }) => device_id === 'night')
      .map(({ people }) => people)
      .sort((a, b) => b - a);
  const night = { device_id: 'night' };
  await tell('guest', 1, null, night);
  await tell('visitor', 1, null, night);
  await rig.drain();
  expect(await daysOf()).toEqual([2]);
  await tell('guest', 2, 13 * HOUR_MS, night);
  await tell('visitor', 2, HOUR_MS, night);
  await rig.drain();
  expect(await daysOf()).toEqual([1, -1]);
  await tell('guest', 3, 11 * HOUR_MS, night);
  await rig.drain();
  expect(await daysOf()).toEqual([]);
});
