import { describe, expect, test } from 'vitest';
import { blend, similarity } from './appearance.ts';
import { looksOf } from './people-under-test.ts';
import { readSequences, type Sequence } from './sequences-under-test.ts';
import { stepTracks } from './track.ts';
import {
  noTracks,
  type Sighting,
  type Track,
  type Tracked,
  type TrackSettings,
  type Tracks,
  usualTracking,
} from './tracks.ts';

const settings: TrackSettings = {
  ...usualTracking,
  sureConfidence: 0.5,
  faintConfidence: 0.35,
  lostMs: 2_000,
  hiddenMs: 5_000,
  returnWindowMs: 60_000,
};

describe('tracks', () => {
  for (const { title, rows } of readSequences('track')) {
    test(title, () => {
      let tracks: Tracks = noTracks;
      const names = createNames();
      const told = rows.map(readRow).map(({ atMs, sightings }) => {
        const camera = { deviceId: 'camera-1', lane: 'live', aspect: 4 / 3 } as const;
        const frame = { ...camera, atMs, unseenBeforeMs: tracks.atMs, sightings };
        const [next, tracked] = stepTracks(tracks, frame, settings);
        const ended = tracks.live.filter(({ trackId }) => !next.live.some((one) => one.trackId === trackId));
        tracks = next;
        return tell(tracked, ended, names);
      });
      expect(told).toEqual(rows.map((row) => row.expected));
    });
  }
});

type Names = ReturnType<typeof createNames>;

/** Ids are long; who comes first is 1. */
function createNames() {
  const numberIn = (numbers: Map<string, number>, id: string) => {
    numbers.set(id, numbers.get(id) ?? numbers.size + 1);
    return numbers.get(id);
  };
  const [tracks, people] = [new Map<string, number>(), new Map<string, number>()];
  return {
    track: (id: string) => `t${numberIn(tracks, id)}`,
    person: (id: string) => `P${numberIn(people, id)}`,
  };
}

function tell({ trackIds, people }: Tracked, ended: readonly Track[], names: Names): string {
  const seen = trackIds.map((trackId) => {
    if (trackId === null) return '-';
    const track = names.track(trackId);
    const person = people.find((one) => one.trackId === trackId);
    return person ? names.person(person.personId) : track;
  });
  const left = ended.flatMap(({ personId, seenAtMs }) =>
    personId === null ? [] : `left ${names.person(personId)} at ${seenAtMs}ms`,
  );
  return [seen.join(' '), left.join(', ')].filter(Boolean).join(' ');
}

test('whoever comes in from below is one person, though more of them is to be seen in each frame', () => {
  // As somebody was found who came in at the lower edge of a real picture.
  const boxes = [
    [0.308, 0.633, 0.169, 0.366],
    [0.351, 0.512, 0.184, 0.487],
    [0.352, 0.367, 0.26, 0.633],
    [0.413, 0.241, 0.224, 0.756],
    [0.452, 0.205, 0.223, 0.748],
    [0.487, 0.137, 0.21, 0.861],
  ] as const;
  let tracks: Tracks = noTracks;
  const ids = boxes.flatMap(([x, y, width, height], at) => {
    const sighting = { box: { x, y, width, height }, confidence: 0.6, appearance: looksOf('A') };
    const frame = {
      deviceId: 'camera-1',
      lane: 'live',
      atMs: at * 200,
      unseenBeforeMs: tracks.atMs,
      aspect: 16 / 9,
      sightings: [sighting],
    } as const;
    const [next, { trackIds }] = stepTracks(tracks, frame, settings);
    tracks = next;
    return trackIds;
  });
  expect(new Set(ids).size).toBe(1);
});

describe('how somebody looks', () => {
  const own = looksOf('A');
  const half = blend(own, looksOf('B'), 0.6);

  test('is not learnt from what covers them', () => {
    const looksWith = (other: Place) => run([[{ x: 0.3, looks: own }], [{ x: 0.3, looks: half }, other]])[0];
    expect(looksWith({ x: 0.31, y: 0.54, looks: looksOf('B') })).toEqual(own);
    expect(looksWith({ x: 0.31, y: 0.46, looks: looksOf('B') })).not.toEqual(own);
    expect(looksWith({ x: 0.8, y: 0.54, looks: looksOf('B') })).not.toEqual(own);
  });

  test('is not known of whom somebody covers from the first, until nobody does', () => {
    const nearer = { x: 0.31, y: 0.54, looks: looksOf('B') };
    const covered = [{ x: 0.3, looks: half }, nearer];
    const looks = run([
      covered,
      covered,
      [
        { x: 0.3, looks: own },
        { ...nearer, x: 0.5 },
      ],
    ]);
    expect(run([covered, covered])[0]).toBe(null);
    expect(looks[0]).toEqual(own);
  });

  test('is not that of the part which the edge of the picture leaves', () => {
    const [aside, whole] = [0.01, 0.06].map((x) => run([[{ x, looks: half }], [{ x: x + 0.02, looks: own }]])[0]);
    expect(aside).toEqual(own);
    expect(whole).not.toEqual(own);
  });

  test('is the mean of the first sights: who comes out of a door is seen only in part at first', () => {
    const [looks] = run([half, own, own, own, own].map((looks) => [{ x: 0.3, looks }]));
    expect(similarity(half, own)).toBeLessThan(0.9);
    expect(similarity(looks ?? half, own)).toBeGreaterThan(0.99);
  });

  interface Place {
    readonly x: number;
    readonly y?: number;
    readonly looks: Uint8Array;
  }

  /** Of the first one, in frames a fifth of a second apart. */
  function run(frames: readonly (readonly Place[])[]): readonly (Uint8Array | null)[] {
    let tracks: Tracks = noTracks;
    for (const [at, places] of frames.entries()) {
      const sightings = places.map(({ x, y = 0.5, looks }) => ({
        box: { x, y, width: 0.1, height: 0.3 },
        confidence: 0.8,
        appearance: looks,
      }));
      const frame = {
        deviceId: 'camera-1',
        lane: 'live',
        atMs: at * 200,
        unseenBeforeMs: null,
        aspect: 4 / 3,
      } as const;
      [tracks] = stepTracks(tracks, { ...frame, sightings }, settings);
    }
    return tracks.live.map(({ appearance }) => appearance);
  }
});

function readRow({ input, expected }: Sequence['rows'][number]) {
  const [time = '', ...people] = input.split(/\s+/);
  const sightings = people.filter((one) => one !== '-').map(readSighting);
  return { atMs: Number.parseInt(time, 10), sightings, expected };
}

function readSighting(text: string): Sighting {
  const [, looks = '', x, y, sure = '80'] = /^([A-Z?]'?)@([.\d]+),([.\d]+)(?::(\d+))?$/.exec(text) ?? [];
  if (!looks) throw new Error(`${text} is no sighting`);
  const box = { x: Number(x) - 0.05, y: Number(y) - 0.15, width: 0.1, height: 0.3 };
  return { box, confidence: Number(sure) / 100, appearance: looks === '?' ? null : looksOf(looks) };
}
