import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { looksOf } from './people-under-test.ts';
import { stepTracks } from './track.ts';
import { noTracks, type Sighting, type Tracked, type TrackSettings, type Tracks, usualTracking } from './tracks.ts';

const settings: TrackSettings = {
  ...usualTracking,
  sureConfidence: 0.5,
  faintConfidence: 0.35,
  lostMs: 2_000,
  hiddenMs: 5_000,
  returnWindowMs: 60_000,
};

describe('tracks', () => {
  for (const { title, rows } of readSequences('sequences/track.txt')) {
    test(title, () => {
      let tracks: Tracks = noTracks;
      const names = createNames();
      const told = rows.map(({ atMs, sightings }) => {
        const frame = { deviceId: 'camera-1', lane: 'live', atMs, aspect: 4 / 3, sightings } as const;
        const [next, tracked] = stepTracks(tracks, frame, settings);
        tracks = next;
        return tell(tracked, names);
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

function tell({ trackIds, people, left }: Tracked, names: Names): string {
  const seen = trackIds.map((trackId) => {
    if (trackId === null) return '-';
    const track = names.track(trackId);
    const person = people.find((one) => one.trackId === trackId);
    return person ? names.person(person.personId) : track;
  });
  const ended = left.map(({ personId, lastSeenAtMs }) => `left ${names.person(personId)} at ${lastSeenAtMs}ms`);
  return [seen.join(' '), ended.join(', ')].filter(Boolean).join(' ');
}

function readSequences(file: string) {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const blocks = text
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((line) => line.trim() && !line.startsWith('#')));
  return blocks
    .filter((lines) => lines.length > 0)
    .map(([title = '', ...rows]) => ({ title, rows: rows.map(readRow) }));
}

function readRow(line: string) {
  const [input = '', expected = ''] = line.split('|');
  const [time = '', ...people] = input.trim().split(/\s+/);
  const sightings = people.filter((one) => one !== '-').map(readSighting);
  return { atMs: Number.parseInt(time, 10), sightings, expected: expected.trim() };
}

function readSighting(text: string): Sighting {
  const [, looks = '', x, y, sure = '80'] = /^([A-Z?]'?)@([.\d]+),([.\d]+)(?::(\d+))?$/.exec(text) ?? [];
  if (!looks) throw new Error(`${text} is no sighting`);
  const box = { x: Number(x) - 0.05, y: Number(y) - 0.15, width: 0.1, height: 0.3 };
  return { box, confidence: Number(sure) / 100, appearance: looks === '?' ? null : looksOf(looks) };
}
