import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import { GONE_MAX } from './gallery.ts';
import { packTracks, unpackTracks } from './pack-tracks.ts';
import { looksOf } from './people-under-test.ts';
import { LIVE_MAX, stepTracks } from './track.ts';
import { noTracks, type Sighting, type Tracked, type TrackSettings, type Tracks, usualTracking } from './tracks.ts';

const settings: TrackSettings = { ...usualTracking, sureConfidence: 0.52, faintConfidence: 0.39 };

/** `TRACK_SEED=n` repeats one. */
const SEEDS = process.env.TRACK_SEED ? [Number(process.env.TRACK_SEED)] : [1, 2, 3];
const PACES_MS = [0, 40, 200, 1_000, 30_000, 200_000];

interface Shown {
  readonly atMs: number;
  readonly sightings: readonly Sighting[];
}

describe.each(SEEDS)('tracks of seed %d', (seed) => {
  const shown = showCrowd(createRandom(seed, 'crowd'));

  test('do not depend on the order in which sightings are listed', () => {
    const random = createRandom(seed, 'order');
    let [one, other]: [Tracks, Tracks] = [noTracks, noTracks];
    for (const { atMs, sightings } of shown) {
      const shuffled = shuffle(random, sightings);
      const [next, tracked] = step(one, { atMs, sightings });
      const [nextOther, trackedOther] = step(other, { atMs, sightings: shuffled });
      [one, other] = [next, nextOther];
      expect(trackedOther.people).toEqual(tracked.people);
      expect(trackedOther.trackIds).toEqual(shuffled.map((one) => tracked.trackIds[sightings.indexOf(one)]));
    }
    expect(bytesOf(other)).toEqual(bytesOf(one));
  });

  test('are the same when they are stored after each frame, and when all is done again', () => {
    const [once, told] = run(shown, (tracks) => tracks);
    const [stored, toldStored] = run(shown, (tracks) => unpackTracks(packTracks(tracks)));
    expect(toldStored).toEqual(told);
    expect(bytesOf(stored)).toEqual(bytesOf(once));
    expect(unpackTracks(packTracks(once))).toEqual(once);
  });

  test('keep within their bounds, with one place for each person', () => {
    let tracks: Tracks = noTracks;
    let most = { live: 0, gone: 0, people: 0 };
    for (const frame of shown) {
      const [next, { people, trackIds }] = step(tracks, frame);
      tracks = next;
      expect(new Set(people.map(({ personId }) => personId)).size).toBe(people.length);
      const known = trackIds.filter((trackId) => trackId !== null);
      expect(new Set(known).size).toBe(known.length);
      const numbers = next.live.flatMap(({ where }) => Object.values(where));
      expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([]);
      most = {
        live: Math.max(most.live, next.live.length),
        gone: Math.max(most.gone, next.gone.length),
        people: Math.max(most.people, people.length),
      };
    }
    expect(most.live).toBe(LIVE_MAX);
    expect(most.gone).toBe(GONE_MAX);
    expect(most.people).toBeGreaterThan(20);
  });
});

test('as many as there can be, and as many who have left, take less than 13 KB', () => {
  const full = fullTracks();
  expect([full.live.length, full.gone.length]).toEqual([LIVE_MAX, GONE_MAX]);
  expect(packTracks(full).length).toBeLessThan(13_000);
});

test.each([
  { before: 'when nobody was there yet, and where they came from', bytes: 9, unknown: { unseenBeforeMs: null } },
  { before: 'where they came from', bytes: 1, unknown: {} },
])('that were stored before it was known $before are read without it', ({ bytes, unknown }) => {
  const full = fullTracks();
  const packed = packTracks(full);
  const live = full.live.map((track) => ({ ...track, ...unknown, firstFoot: null }));
  expect(unpackTracks(packed.subarray(0, packed.length - bytes * LIVE_MAX))).toEqual({ ...full, live });
});

/** As many as there can be, and as many who have left. */
function fullTracks(): Tracks {
  const crowd = (atMs: number, looks: string): Shown => ({
    atMs,
    sightings: Array.from({ length: LIVE_MAX }, (_, at) =>
      sighting({ x: 0.05 + (at % 8) / 8, y: 0.1 + Math.floor(at / 8) / 8, looks, confidence: 0.9 }),
    ),
  });
  const frames = ['A', 'B', 'C'].flatMap((looks, at) => [0, 200].map((ms) => crowd(at * 30_000 + ms, looks)));
  return run(frames, (tracks) => tracks)[0];
}

function run(frames: readonly Shown[], between: (tracks: Tracks) => Tracks): readonly [Tracks, readonly Tracked[]] {
  let tracks: Tracks = noTracks;
  const told = frames.map((frame) => {
    const [next, tracked] = step(between(tracks), frame);
    tracks = next;
    return tracked;
  });
  return [tracks, told];
}

function step(tracks: Tracks, shown: Shown) {
  return stepTracks(
    tracks,
    { deviceId: 'camera-1', lane: 'live', unseenBeforeMs: tracks.atMs, aspect: 4 / 3, ...shown },
    settings,
  );
}

function bytesOf(tracks: Tracks): string {
  return Buffer.from(packTracks(tracks)).toString('base64');
}

/** People who come, walk, are missed and go, among things that are none; also many at once, and at any pace. */
function showCrowd(random: Random): readonly Shown[] {
  let atMs = 1_000_000;
  let walkers: { x: number; y: number; speed: number; looks: string }[] = [];
  return Array.from({ length: 150 }, (_, frame) => {
    const paceMs = frame < 100 ? random.pick([40, 200, 200, 1_000]) : random.pick(PACES_MS as [number, ...number[]]);
    atMs += paceMs;
    const wanted = frame % 50 < 40 ? 30 : 120;
    walkers = walkers
      .map((one) => ({ ...one, x: one.x + (one.speed * paceMs) / 1_000 }))
      .filter(({ x }) => x > 0 && x < 1 && !random.chance(0.02))
      .slice(0, wanted);
    while (walkers.length < wanted) {
      const looks = random.pick([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'] as [string, ...string[]]);
      walkers.push({ x: random.next(), y: random.between(0.2, 0.8), speed: random.between(-0.2, 0.2), looks });
    }
    const seen = walkers
      .filter(() => random.chance(0.9))
      // Coarse, so that many are equally sure.
      .map(({ x, y, looks }) => sighting({ x, y, looks, confidence: Math.ceil(random.between(0.3, 1) * 10) / 10 }));
    const noise = sighting({ x: random.next(), y: random.next(), looks: 'A', confidence: 0.6 });
    return { atMs, sightings: [...seen, noise] };
  });
}

function sighting({ x, y, looks, confidence }: { x: number; y: number; looks: string; confidence: number }): Sighting {
  const box = { x: x - 0.02, y: y - 0.07, width: 0.04, height: 0.14 };
  return { box, confidence, appearance: looks === 'Z' ? null : looksOf(looks) };
}

function shuffle<One>(random: Random, all: readonly One[]): readonly One[] {
  return all
    .map((one) => ({ one, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}
