import { expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import { nothingHeld, passTime, type Reorder, releaseAll, takeIn } from './reorder.ts';
import { hasSeen, noSeqs, type SeenSeqs, withSeen } from './seen-seqs.ts';
import type { VisitTelling } from './visit.ts';
import { endVisits, noVisits, type Person, stepVisits, tickVisits, type Visits } from './visits.ts';

/**
 * A camera's frames with all that may happen to them on their way: they overtake each other by up to 2 s, come twice,
 * or never; its clock jumps, it is activated anew, ticks and configurations come among them; batches are cut anywhere,
 * and the process is killed between them. What is stepped, and what is told of visits, is to the byte what it is of the
 * same frames in their order. `RUNS=10000` runs more, `SEED=7` one again.
 */
const runs = Number(process.env.RUNS ?? 2_000);
const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: runs }, (_, at) => at + 1);

interface Shot {
  readonly frame: { readonly epoch: number; readonly seq: number; readonly captured_at: number };
  readonly names: readonly string[];
}

type Entry =
  | { readonly kind: 'frame'; readonly shot: Shot }
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'configuration'; readonly version: number; readonly wanted: boolean; readonly paused: boolean };

/** What the log holds between two controls, and the frames of it in their order. */
interface Part {
  readonly sent: readonly Entry[];
  readonly ordered: readonly Entry[];
}

test(`${seeds.length} disturbed runs are as the undisturbed ones`, () => {
  const met = { held: 0, twice: 0, reopened: 0, killed: 0, told: 0 };
  for (const seed of seeds) {
    const random = createRandom(seed, 'disorder');
    const parts = planParts(random);
    const ordered = parts.flatMap((part) => part.ordered);
    const sent = parts.flatMap((part) => part.sent);
    const expected = runInOrder(ordered);
    const told = runDisturbed(sent, random, met);
    if (told.join() !== expected.join()) expect(told, `seed ${seed}`).toEqual(expected);
    met.told += expected.filter((line) => line.includes('"state"')).length;
    met.reopened += countReopened(expected);
  }
  // Otherwise nothing of it was tried.
  if (seeds.length >= 2_000) for (const [what, times] of Object.entries(met)) expect(times, what).toBeGreaterThan(500);
});

/** What device-step.ts is to frames, in small: a tracker that knows people by their names, and visits. */
interface Camera {
  readonly visits: Visits;
  readonly tracks: Readonly<Record<string, Pick<Person, 'firstSeenAtMs' | 'sightings'> & { readonly atMs: number }>>;
  readonly newestAtMs: number | null;
  readonly version: number;
  readonly wanted: boolean;
  readonly paused: boolean;
}

const newCamera: Camera = {
  visits: noVisits,
  tracks: {},
  newestAtMs: null,
  version: 0,
  wanted: true,
  paused: false,
};

type Stepped = readonly [Camera, readonly string[]];

function step(camera: Camera, entry: Entry): Stepped {
  const settings = { absenceGapMs: 10_000, updateEveryMs: 20_000, wanted: camera.wanted };
  if (entry.kind === 'tick') return withVisits(camera, 'tick', tickVisits(camera.visits, entry.atMs, settings));
  if (entry.kind === 'configuration') {
    const { version, wanted, paused } = entry;
    const next = { ...camera, version, wanted, paused };
    return paused ? withVisits({ ...next, tracks: {} }, 'pause', endVisits(camera.visits)) : [next, []];
  }
  const { frame, names } = entry.shot;
  const { epoch, seq, captured_at: atMs } = frame;
  const name = `${epoch}/${seq}`;
  if (camera.paused) return [camera, [`${name} paused`]];
  if (camera.newestAtMs !== null && atMs < camera.newestAtMs) return [camera, [`${name} late`]];
  const kept = Object.entries(camera.tracks).filter(([, track]) => atMs - track.atMs <= 5_000);
  const tracks = Object.fromEntries(kept);
  for (const one of names) {
    const { firstSeenAtMs, sightings } = tracks[one] ?? { firstSeenAtMs: atMs, sightings: 0 };
    tracks[one] = { firstSeenAtMs, sightings: sightings + 1, atMs };
  }
  const people = names.flatMap((personId): readonly Person[] => {
    const { firstSeenAtMs = atMs, sightings = 0 } = tracks[personId] ?? {};
    if (sightings < 2) return [];
    const box = { x: 0, y: 0, width: 1, height: 1 };
    return [{ personId, trackId: `${personId}@${firstSeenAtMs}`, box, confidence: 0.5, firstSeenAtMs, sightings }];
  });
  const shown = { frameId: name, frameSeq: seq, atMs, timeQuality: 'ntp', model: 'toy@1', people } as const;
  return withVisits({ ...camera, tracks, newestAtMs: atMs }, name, stepVisits(camera.visits, shown, settings));
}

function withVisits(
  camera: Camera,
  name: string,
  [visits, tellings]: readonly [Visits, readonly VisitTelling[]],
): Stepped {
  return [{ ...camera, visits }, [name, ...tellings.map((telling) => JSON.stringify(telling))]];
}

function runInOrder(entries: readonly Entry[]): readonly string[] {
  let camera = newCamera;
  return entries.flatMap((entry) => {
    const [next, told] = step(camera, entry);
    camera = next;
    return told;
  });
}

interface State {
  readonly seen: SeenSeqs;
  readonly reorder: Reorder<Shot>;
  readonly camera: Camera;
}

function runDisturbed(sent: readonly Entry[], random: Random, met: { held: number; twice: number; killed: number }) {
  let committed: State = { seen: noSeqs, reorder: nothingHeld, camera: newCamera };
  const told: string[] = [];
  for (let from = 0; from < sent.length; ) {
    const batch = sent.slice(from, from + Math.ceil(random.between(0, 12)));
    let state = committed;
    const lines: string[] = [];
    for (const entry of batch) {
      const [seen, reorder, released] = arrive(state, entry);
      if (reorder === state.reorder && entry.kind === 'frame') met.twice += 1;
      if (reorder.held.length > 0) met.held += 1;
      let { camera } = state;
      for (const one of released) {
        const [next, some] = step(camera, one);
        camera = next;
        lines.push(...some);
      }
      state = { seen, reorder, camera };
    }
    if (random.chance(0.1)) {
      met.killed += 1;
      continue;
    }
    committed = random.chance(0.2)
      ? { ...state, ...restored({ reorder: state.reorder, camera: state.camera }) }
      : state;
    told.push(...lines);
    from += batch.length;
  }
  return told;
}

function restored<Stored>(state: Stored): Stored {
  return JSON.parse(JSON.stringify(state));
}

/** What is to be stepped now that this has come. */
function arrive({ seen, reorder, camera }: State, entry: Entry): readonly [SeenSeqs, Reorder<Shot>, readonly Entry[]] {
  if (entry.kind === 'frame') {
    const { shot } = entry;
    const { epoch, seq } = shot.frame;
    if (hasSeen(seen, epoch, seq)) return [seen, reorder, []];
    const [next, released] = takeIn(reorder, shot);
    return [withSeen(seen, epoch, seq), next, released.map(asEntry)];
  }
  // One that changes nothing, as a second copy, must not part what came before it from what comes after.
  if (entry.kind === 'configuration' && entry.version <= camera.version) return [seen, reorder, []];
  const [next, released] = entry.kind === 'tick' ? passTime(reorder, entry.atMs) : releaseAll(reorder);
  return [seen, next, [...released.map(asEntry), entry]];
}

function asEntry(shot: Shot): Entry {
  return { kind: 'frame', shot };
}

function planParts(random: Random): readonly Part[] {
  const numbered = random.chance(0.7);
  // A clock that is set back shortens what is left of the 2 s in which frames may overtake each other.
  const backMs = random.chance(0.3) ? random.pick([100, 700, 1_500]) : 0;
  const delayMaxMs = 2_000 - backMs;
  const paceMs = random.pick([67, 200, 200, 1_000, 30_000]);
  const lossRate = random.pick([0, 0.05, 0.3]);
  let [epoch, seq, atMs, version] = [numbered ? 1 : 0, random.pick([-1, 0, 41]), 100_000, 0];
  let names: readonly string[] = [];
  let jumps = backMs > 0;

  const count = Math.ceil(random.between(0, 3));
  const parts = Array.from({ length: count }, (_, part) => {
    const shots: { readonly shot: Shot; readonly comesAtMs: number }[] = [];
    let clockMs = 0;
    for (let at = Math.ceil(random.between(0, 20)); at > 0; at -= 1) {
      atMs += random.chance(0.9) ? paceMs : random.pick([0, 1, 2_000, 9_000, 11_000]);
      if (jumps && random.chance(0.1)) {
        clockMs = -backMs;
        jumps = false;
      }
      // Copies of a frame are known in four epochs at a time.
      if (numbered && epoch < 4 && random.chance(0.03)) [epoch, seq] = [epoch + 1, random.pick([-1, 0, 2])];
      if (random.chance(0.2)) names = ['A', 'B', 'C'].filter(() => random.chance(0.5));
      seq += 1;
      if (random.chance(lossRate)) continue;
      const frame = { epoch, seq, captured_at: atMs + clockMs };
      shots.push({ shot: { frame, names }, comesAtMs: atMs + random.between(0, delayMaxMs) });
    }
    // From here on the clock is what it is; the next frame is no earlier than any before.
    atMs += random.chance(0.2) ? 3_600_000 : backMs;
    const control = planControl();
    const inOrder = shots.map(({ shot }) => shot);
    const ordered = numbered
      ? inOrder
      : inOrder.toSorted((a, b) => a.frame.captured_at - b.frame.captured_at || a.frame.seq - b.frame.seq);
    const copies = shots
      .filter(() => random.chance(0.2))
      .map(({ shot, comesAtMs }) => ({ shot, comesAtMs: comesAtMs + random.between(0, 5_000) }));
    const sent = [...shots, ...copies].sort((a, b) => a.comesAtMs - b.comesAtMs).map(({ shot }) => asEntry(shot));
    return { sent: [...sent, ...control], ordered: [...ordered.map(asEntry), ...control.slice(0, 1)] };

    /** In the end a tick, so that nothing waits. */
    function planControl(): readonly Entry[] {
      const tick = { kind: 'tick', atMs: atMs + Math.floor(random.between(2_001, 40_000)) } as const;
      if (part === count - 1 || random.chance(0.4)) return [tick];
      if (random.chance(0.5)) return [];
      version += 1;
      const settings = { version, wanted: random.chance(0.7), paused: random.chance(0.2) };
      const configuration = { kind: 'configuration', ...settings } as const;
      return random.chance(0.3) ? [configuration, configuration] : [configuration];
    }
  });
  return parts;
}

function countReopened(lines: readonly string[]): number {
  const over = new Set<string>();
  let reopened = 0;
  for (const line of lines.filter((one) => one.startsWith('{'))) {
    const { visit, state } = JSON.parse(line) as VisitTelling;
    const name = `${visit.personId} ${visit.openedAtMs}`;
    if (state === 'closed') over.add(name);
    else if (over.delete(name)) reopened += 1;
  }
  return reopened;
}
