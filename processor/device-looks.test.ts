import { describe, expect, test } from 'vitest';
import {
  events,
  inputOf,
  later,
  observations,
  run,
  runFrom,
  show,
  times,
  withPerson,
} from './device-runs-under-test.ts';
import { newDevice } from './device-under-test.ts';
import { firstAtMs, greyOf, lookOf, type Place } from './frames-under-test.ts';

describe('a device', () => {
  test.each([
    { name: 'calm', tickAtMs: null },
    { name: 'with a tick meanwhile', tickAtMs: 20_000 },
  ])(
    'looks for whoever sits as long as their visit lasts: one visit, though they are missed, $name',
    ({ tickAtMs }) => {
      const shown = times({ fromMs: 0, toMs: 80_000, stepMs: 200 }).map((atMs, seq) =>
        inputOf(seq, atMs, atMs >= 5_000 && atMs <= 7_400 ? lookOf(0) : withPerson(seq, atMs).look),
      );
      const tick = tickAtMs === null ? [] : [{ tickAtMs: firstAtMs + tickAtMs }];
      const inputs = [...shown.slice(0, 38), ...tick, ...shown.slice(38), later];
      const { outputs } = runFrom(newDevice, inputs);
      const passedOver = observations(outputs).filter(({ outcome }) => outcome !== 'analysed');
      // While they are lost it looks at each second frame, and each second when nobody is followed any more.
      const [lost, gone] = [
        [5_200, 5_600, 6_000, 6_400, 6_800],
        [7_200, 7_400, 7_600, 7_800],
      ];
      expect(passedOver.map(({ captured_at }) => captured_at - firstAtMs)).toEqual([...lost, ...gone]);
      const told = events(outputs);
      expect(new Set(told.map(({ event_id }) => event_id)).size).toBe(1);
      expect(told.at(-1)).toMatchObject({
        ended_at: firstAtMs + 80_000,
        payload: { state: 'closed', dwell_ms: 80_000 },
      });
    },
  );

  test.each([
    { name: 'who comes in', place: 1, seenAtMs: 10_000, unseenBeforeMs: 9_000 },
    {
      name: 'who sat there, as a part of the background, until the detector looked',
      place: 0,
      seenAtMs: 30_000,
      unseenBeforeMs: 0,
    },
  ] as const)('says since when $name may have been there', ({ place, seenAtMs, unseenBeforeMs }) => {
    const shown = times({ fromMs: 0, toMs: 32_000, stepMs: 1_000 }).map((atMs, seq) => {
      if (atMs < 10_000) return show(seq, atMs, 0);
      const { prepared } = lookOf(place);
      return inputOf(seq, atMs, { ...withPerson(seq, atMs).look, prepared });
    });
    const opened = events(run(shown)).find(({ type }) => type === 'visit');
    expect(opened).toMatchObject({
      occurred_at: firstAtMs + seenAtMs,
      payload: { state: 'opened', dwell_ms: 1_000, dwell_max_ms: seenAtMs + 1_000 - unseenBeforeMs },
    });
  });

  test('looks where something has gone, too: a frame that moves is none that is still', () => {
    const places: readonly Place[] = [...Array<Place>(12).fill(0), 1, 0, 0];
    const seen = observations(run(places.map((place, seq) => show(seq, seq * 3_000, place))));
    expect(seen.slice(-4).map(({ reason, motion }) => [reason, motion?.score])).toEqual([
      ['still', 0],
      [null, 8 / 48],
      [null, 8 / 48],
      ['still', 0],
    ]);
  });

  test('finds somebody who stands out little where others came and went before', () => {
    const busy = times({ fromMs: 2_000, toMs: 62_000, stepMs: 200 });
    const shown = times({ fromMs: 0, toMs: 80_000, stepMs: 200 }).map((atMs, seq) => {
      if (!busy.includes(atMs)) return show(seq, atMs, 0);
      const { prepared } = lookOf(seq % 2 === 0 ? 1 : 0);
      return inputOf(seq, atMs, { ...withPerson(seq, atMs).look, prepared });
    });
    const { prepared, found } = lookOf(0);
    const grey = prepared.grey.map((value, cell) => (value < (greyOf(1)[cell] as number) ? value + 30 : value));
    const comes = inputOf(shown.length, 80_200, { prepared: { ...prepared, grey }, found });
    const seen = observations(run([...shown, comes]));
    expect(seen.slice(-2).map(({ outcome }) => outcome)).toEqual(['skipped', 'analysed']);
  });
});
