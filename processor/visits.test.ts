import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import { readSequences, timesOf } from './sequences-under-test.ts';
import type { Person } from './tracks.ts';
import { type VisitTelling, visitEvent } from './visit.ts';
import {
  endVisits,
  LASTING_MAX,
  noVisits,
  OVER_MAX,
  stepVisits,
  tickVisits,
  type VisitFrame,
  type VisitSettings,
  type Visits,
  visitsDueMs,
} from './visits.ts';

const usual: VisitSettings = { absenceGapMs: 10_000, updateEveryMs: 60_000, wanted: true };
const device = { deviceId: 'camera-1', lane: 'live', configVersion: 3 } as const;

describe('visits', () => {
  for (const { title, rows } of readSequences('visits')) {
    test(title, () => {
      let showing = createShowing();
      let visits = noVisits;
      let settings = usual;
      const told = rows.map(({ input }) => {
        const [word = '', ...words] = input.split(/\s+/);
        if (word === 'wanted' || word === 'unwanted') settings = { ...usual, wanted: word === 'wanted' };
        else if (word === 'pause') {
          showing = createShowing();
          return take(endVisits(visits));
        } else if (word === 'tick') return take(tickVisits(visits, Number.parseInt(words[0] ?? '', 10), settings));
        else return timesOf(word).flatMap((atMs) => take(stepVisits(visits, showing(atMs, words), settings)));
        return [];
      });
      expect(told.map((tellings) => tellings.map(describeTelling).join('; '))).toEqual(
        rows.map(({ expected }) => expected),
      );

      function take([next, tellings]: readonly [Visits, readonly VisitTelling[]]): readonly VisitTelling[] {
        visits = JSON.parse(JSON.stringify(next));
        return tellings;
      }
    });
  }
});

describe('a visit', () => {
  test('is an event whose frame and box are of the surest sight', () => {
    const [first, second, third] = [0.5, 0.9, 0.7].map((confidence, at) => {
      return frameAt(at * 200, [personOf('A', { confidence, sightings: at + 1, firstSeenAtMs: 0 })]);
    });
    const gone = [frameAt(20_000, []), frameAt(40_000, [])];
    const told = run([first, second, third, ...gone].flatMap((frame) => frame ?? []));
    const [opened, closed, ...none] = told.map((telling) => visitEvent(device, telling));
    expect(none).toEqual([]);
    expect(opened).toMatchObject({ version: 1, ended_at: null, frame_id: '0ms', payload: { confidence: 0.5 } });
    expect(closed).toEqual({
      // For good: rows are keyed by it.
      event_id: '78d5322f-5bfb-5e7f-a91e-fcc031fddf65',
      device_id: 'camera-1',
      type: 'visit',
      version: 2,
      occurred_at: 0,
      ended_at: 400,
      frame_id: '200ms',
      frame_seq: 200,
      lane: 'live',
      time_quality: 'ntp',
      model: 'people@1',
      config_version: 3,
      payload: {
        kind: 'Visit',
        person_id: 'A',
        state: 'closed',
        dwell_ms: 400,
        dwell_min_ms: 400,
        dwell_max_ms: 20_000,
        last_seen_at: 400,
        track_id: 'A1',
        sightings: 3,
        confidence: 0.9,
        box: second?.people[0]?.box,
      },
    });
    expect(opened?.event_id).toBe(closed?.event_id);
  });

  test('has an id of its own for each device, lane, person and beginning', () => {
    const [telling] = run([frameAt(0, [personOf('A')])]);
    const [later] = run([frameAt(1, [personOf('A', { firstSeenAtMs: 1 })])]);
    const [other] = run([frameAt(0, [personOf('B')])]);
    if (!telling || !later || !other) throw new Error('none has begun');
    const events = [
      ...[telling, later, other].map((one) => visitEvent(device, one)),
      visitEvent({ ...device, deviceId: 'camera-2' }, telling),
      visitEvent({ ...device, lane: 'backlog' }, telling),
    ];
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(5);
  });

  test('of more than there is room for begins when another is over, from its first sight on', () => {
    const many = Array.from({ length: LASTING_MAX + 6 }, (_, at) => personOf(`P${at}`));
    const left = many.slice(3);
    const told = run([frameAt(0, many), frameAt(1_000, left), frameAt(10_001, left), frameAt(10_200, left)]);
    expect(told.map(({ visit, state }) => `${visit.personId} ${state}`)).toEqual([
      ...many.slice(0, LASTING_MAX).map(({ personId }) => `${personId} opened`),
      'P0 closed',
      'P1 closed',
      'P2 closed',
      `P${LASTING_MAX} opened`,
      `P${LASTING_MAX + 1} opened`,
      `P${LASTING_MAX + 2} opened`,
    ]);
    expect(told.at(-1)?.visit).toMatchObject({ openedAtMs: 0, lastSeenAtMs: 10_200 });
  });

  test('that is over is remembered for a while, of many those seen last', () => {
    let visits = noVisits;
    for (let at = 0; at < 200; at += 1) {
      [visits] = stepVisits(visits, frameAt(at * 1_000, [personOf(`P${at}`, { firstSeenAtMs: at * 1_000 })]), usual);
      expect(visits.visits.length).toBeLessThanOrEqual(OVER_MAX + 11);
    }
    const over = visits.visits.filter((visit) => visit.over).map(({ personId }) => personId);
    expect(over.toSorted()).toEqual(Array.from({ length: OVER_MAX }, (_, at) => `P${at + 189 - OVER_MAX}`));
    [visits] = stepVisits(visits, frameAt(199_000 + 240_000, []), usual);
    expect(visits.visits.map(({ personId }) => personId)).toEqual(['P199']);
    [visits] = stepVisits(visits, frameAt(199_000 + 240_001, []), usual);
    expect(visits.visits).toEqual([]);
  });
});

/** People who come and go before a camera of any pace, with ticks, and with restarts; one seed again: `SEED=7`. */
const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 300 }, (_, at) => at + 1);

test('ticks never change what a visit comes to', () => {
  let reopened = 0;
  for (const seed of seeds) {
    const random = createRandom(seed, 'visits');
    const frames = planFrames(random);
    const calm = run(frames);
    let visits = noVisits;
    const told = frames.flatMap((frame, at) => {
      const nextAtMs = frames[at + 1]?.atMs ?? frame.atMs + 300_000;
      const due = take(stepVisits(visits, frame, usual));
      // Where the owner has to append one, or anywhere; before the next frame's time, or after it.
      const dueMs = visitsDueMs(visits, usual);
      if (dueMs !== null && tickVisits(visits, dueMs, usual)[1].length > 0) throw new Error(`seed ${seed}: too early`);
      if (dueMs !== null && tickVisits(visits, dueMs + 1, usual)[1].length === 0) throw new Error(`seed ${seed}: late`);
      const atMs = random.chance(0.5) && dueMs !== null ? dueMs + 1 : frame.atMs + random.between(0, 400_000);
      const isLikely = nextAtMs - frame.atMs > 5_000 ? 0.7 : 0.1;
      return [...due, ...(random.chance(isLikely) ? take(tickVisits(visits, Math.floor(atMs), usual)) : [])];
    });
    reopened += told.filter(({ visit }, at) => told[at - 1]?.state === 'closed' && visit.over === false).length;
    expect(outcomes(told), `seed ${seed}`).toBe(outcomes(calm));

    function take([next, tellings]: readonly [Visits, readonly VisitTelling[]]): readonly VisitTelling[] {
      visits = random.chance(0.1) ? JSON.parse(JSON.stringify(next)) : next;
      return tellings;
    }
  }
  if (seeds.length > 1) expect(reopened).toBeGreaterThan(100);
});

test('of each visit, versions and last sights grow, and only the first version opens it', () => {
  for (const seed of seeds) {
    const newest = new Map<string, VisitTelling>();
    const wrong = run(planFrames(createRandom(seed, 'visits'))).filter((telling) => {
      const { visit, state, dwellMaxMs } = telling;
      const name = `${visit.personId} ${visit.openedAtMs}`;
      const before = newest.get(name);
      newest.set(name, telling);
      const isNext = visit.version === (before?.visit.version ?? 0) + 1 && (state === 'opened') === !before;
      const dwellMs = visit.lastSeenAtMs - visit.openedAtMs;
      return !isNext || visit.lastSeenAtMs < (before?.visit.lastSeenAtMs ?? 0) || dwellMs < 0 || dwellMaxMs < dwellMs;
    });
    expect(wrong, `seed ${seed}`).toEqual([]);
  }
});

/** Of each visit the last that is told, without when and how often it was. */
function outcomes(told: readonly VisitTelling[]): string {
  const last = new Map(told.map((telling) => [`${telling.visit.personId} ${telling.visit.openedAtMs}`, telling]));
  const lines = [...last].map(([name, { visit, ...telling }]) => {
    return `${name} ${JSON.stringify({ ...visit, version: null, toldAtMs: null, ...telling })}`;
  });
  return lines.toSorted().join('\n');
}

/** In the end the camera shows long enough that nobody is there. */
function planFrames(random: Random): readonly VisitFrame[] {
  const paces = [200, 1_000, 6_000, 30_000] as const;
  let paceMs: number = random.pick(paces);
  const showing = createShowing();
  let atMs = 0;
  let present: readonly string[] = [];
  const frames = Array.from({ length: 60 }, () => {
    // A camera that is switched to burst, and back.
    if (random.chance(0.05)) paceMs = random.pick(paces);
    atMs += random.chance(0.8) ? paceMs : random.pick([0, 200, 5_000, 9_800, 10_000, 10_200, 60_000, 120_000, 130_000]);
    if (random.chance(0.3)) present = ['A', 'B', 'C'].filter(() => random.chance(0.4));
    const words = present.map((name) => (random.chance(0.1) ? `${name}<${Math.max(0, atMs - 2 * paceMs)}ms` : name));
    return showing(atMs, words);
  });
  return [...frames, frameAt(atMs + 1_000, []), frameAt(atMs + 200_000, []), frameAt(atMs + 400_000, [])];
}

function run(frames: readonly VisitFrame[]): readonly VisitTelling[] {
  let visits = noVisits;
  return frames.flatMap((frame) => {
    const [next, tellings] = stepVisits(visits, frame, usual);
    visits = next;
    return tellings;
  });
}

/** Who is shown stays in one track, also when they were away for a while, until they are said to be in a new one. */
function createShowing() {
  const shownAtMs: number[] = [];
  const tracks = new Map<string, Omit<Person, 'personId' | 'box' | 'confidence'> & { readonly atMs: number }>();
  return (atMs: number, words: readonly string[]): VisitFrame => {
    const people = words
      .filter((word) => word !== '-')
      .map((word) => {
        const [personId = '', since] = word.split('<');
        const known = tracks.get(personId);
        const { firstSeenAtMs, sightings } =
          since !== undefined
            ? { firstSeenAtMs: Number.parseInt(since, 10), sightings: 1 }
            : known && atMs - known.atMs <= 120_000
              ? known
              : { firstSeenAtMs: atMs, sightings: 0 };
        const unseenBeforeMs = shownAtMs.findLast((shown) => shown < firstSeenAtMs) ?? null;
        const trackId = `${personId}@${firstSeenAtMs}`;
        const track = { trackId, firstSeenAtMs, unseenBeforeMs, cameFrom: null, sightings: sightings + 1 };
        tracks.set(personId, { ...track, atMs });
        return personOf(personId, track);
      });
    shownAtMs.push(atMs);
    return frameAt(atMs, people);
  };
}

function personOf(personId: string, more: Partial<Person> = {}): Person {
  const { confidence = 0.5 } = more;
  const box = { x: confidence, y: 0, width: 0.1, height: 0.3 };
  const track = { trackId: `${personId}1`, firstSeenAtMs: 0, unseenBeforeMs: null, cameFrom: null, sightings: 1 };
  return { personId, box, confidence, ...track, ...more };
}

function frameAt(atMs: number, people: readonly Person[]): VisitFrame {
  return { frameId: `${atMs}ms`, frameSeq: atMs, atMs, timeQuality: 'ntp', model: 'people@1', people };
}

function describeTelling(telling: VisitTelling): string {
  const { version, occurred_at, ended_at, payload } = visitEvent(device, telling);
  if (payload.kind !== 'Visit') throw new Error('not a visit');
  const { person_id, state, dwell_min_ms, dwell_max_ms, sightings } = payload;
  const span = `${occurred_at}ms to ${ended_at === null ? 'now' : `${ended_at}ms`}`;
  return `${person_id} v${version} ${state} ${span}: ${dwell_min_ms}..${dwell_max_ms} ms, ${sightings} sights`;
}
