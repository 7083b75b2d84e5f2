import { expect, test } from 'vitest';
import { createRandom, type Random } from '../dev/simulate/random.ts';
import { fixedCodec } from '../schemas/codec.ts';
import type { Event, TrackingAction } from '../schemas/types.ts';
import { builtInConfiguration, type Configuration, readConfiguration } from './configuration.ts';
import type { StepOutput } from './device-step.ts';
import { createSteps, type Look, newDevice, type Shot, type Tick } from './device-under-test.ts';
import { firstAtMs, frameOf, smallGrid } from './frames-under-test.ts';
import { packState, STATE_VERSION, unpackState } from './state.ts';

/**
 * A camera's frames with all that may happen to them on their way: they overtake each other by up to 2 s, come twice,
 * or never; its clock jumps, it is activated anew, ticks and configurations come among them; batches are cut anywhere,
 * and the process is killed between them. What is told of frames, motion, people, visits and places is to the byte what it is
 * of the same frames in their order. `RUNS=10000` runs more, `SEED=7` one again.
 */
const runs = Number(process.env.RUNS ?? 400);
const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: runs }, (_, at) => at + 1);

type Entry = Shot | Tick | Configuration;

/** What the log holds between two controls, and the frames of it in their order. */
interface Part {
  readonly sent: readonly Entry[];
  readonly ordered: readonly Entry[];
}

interface Met {
  held: number;
  twice: number;
  killed: number;
}

test(`${seeds.length} disturbed runs are as the undisturbed ones`, { timeout: 600_000 }, () => {
  const met = {
    held: 0,
    twice: 0,
    killed: 0,
    visits: 0,
    reopened: 0,
    motion: 0,
    entered: 0,
    crossed: 0,
    crowds: 0,
    tracks: 0,
    left: 0,
    detections: 0,
  };
  for (const seed of seeds) {
    const random = createRandom(seed, 'disorder');
    const parts = planParts(random);
    const expected = runInOrder(parts.flatMap((part) => part.ordered));
    const told = runDisturbed(
      parts.flatMap((part) => part.sent),
      random,
      met,
    );
    if (bytesOf(told).join() !== bytesOf(expected).join()) expect(told, `seed ${seed}`).toEqual(expected);
    const events = expected.flatMap((output) => (output.kind === 'event' ? [output.event] : []));
    met.visits += events.filter(({ type }) => type === 'visit').length;
    met.motion += events.filter(({ type }) => type === 'motion').length;
    met.entered += events.filter(({ type }) => type === 'zone_entered').length;
    met.crossed += events.filter(({ type }) => type === 'line_crossed').length;
    met.crowds += events.filter(({ type }) => type === 'crowd').length;
    met.reopened += countReopened(events);
    met.detections += events.filter(({ type }) => type === 'detection').length;
    const wanted = wantedIn(parts.flatMap((part) => part.ordered));
    for (const { type, config_version } of events) {
      if (type === 'tracking' || type === 'detection') expect(wanted(type, config_version), `seed ${seed}`).toBe(true);
    }
    const [entered, left] = [tracksOf(events, 'entered'), tracksOf(events, 'left')];
    expect(new Set(entered).size, `seed ${seed}`).toBe(entered.length);
    expect(new Set(left).size, `seed ${seed}`).toBe(left.length);
    expect(entered, `seed ${seed}`).toEqual(expect.arrayContaining([...left]));
    met.tracks += entered.length;
    met.left += left.length;
  }
  // Otherwise nothing of it was tried.
  if (!process.env.SEED)
    for (const [what, times] of Object.entries(met)) expect(times, what).toBeGreaterThan(runs / 10);
});

function tracksOf(events: readonly Event[], action: TrackingAction): readonly string[] {
  return events.flatMap(({ payload }) =>
    payload.kind === 'Tracking' && payload.tracking_action === action ? payload.track_id : [],
  );
}

/** Whether a type of event is to be told, by which configuration. */
function wantedIn(entries: readonly Entry[]) {
  const known = [builtInConfiguration, ...entries.filter((entry) => 'settings' in entry)];
  return (type: 'tracking' | 'detection', version: number) =>
    known.find((configuration) => configuration.version === version)?.settings.events[type];
}

function runInOrder(entries: readonly Entry[]): readonly StepOutput[] {
  const step = createSteps(smallGrid);
  let state = newDevice;
  return entries.flatMap((entry) => {
    const [next, told] = step(state, entry);
    state = next;
    return told;
  });
}

function runDisturbed(sent: readonly Entry[], random: Random, met: Met): readonly StepOutput[] {
  const step = createSteps(smallGrid);
  let committed = newDevice;
  const told: StepOutput[] = [];
  for (let from = 0; from < sent.length; ) {
    const batch = sent.slice(from, from + Math.ceil(random.between(0, 12)));
    let state = committed;
    const outputs: StepOutput[] = [];
    for (const entry of batch) {
      const [next, some] = step(state, entry);
      if (next === state && 'frame' in entry) met.twice += 1;
      if (next.line.waiting.held.length > 0) met.held += 1;
      state = next;
      outputs.push(...some);
    }
    if (random.chance(0.1)) {
      met.killed += 1;
      continue;
    }
    committed = random.chance(0.2) ? unpackState(STATE_VERSION, packState(state), fixedCodec) : state;
    told.push(...outputs);
    from += batch.length;
  }
  return told;
}

function bytesOf(outputs: readonly StepOutput[]): readonly string[] {
  return outputs.map((output) => JSON.stringify(output));
}

/** People walk to and fro, each on a line of their own, in clothes of their own. */
function lookOf(names: readonly string[], atMs: number): Look {
  const { columns, rows } = smallGrid;
  const places = names.map((name) => {
    const [x, y] = [
      0.1 + 0.05 * ((Math.floor(atMs / 400) + name.charCodeAt(0)) % 12),
      name === 'A' ? 0 : name === 'B' ? 0.33 : 0.66,
    ];
    return { name, box: { x, y, width: 0.125, height: 0.33 } };
  });
  const grey = new Uint8Array(columns * rows).fill(60);
  for (const { box } of places) {
    const [column, row] = [Math.floor(box.x * columns), Math.floor(box.y * rows)];
    for (const cell of [row * columns + column, (row + 1) * columns + column]) grey[cell] = 200;
  }
  const original = { width: 320, height: 240 };
  const people = places.map(({ name, box }) => ({
    className: 'person',
    confidence: 0.6 + name.charCodeAt(0) / 1_000,
    box,
    appearance: new Uint8Array(60).fill(30).fill(200, 20 * (name.charCodeAt(0) - 65), 20 * (name.charCodeAt(0) - 64)),
  }));
  const picture = () => ({ rgb: new Uint8Array(3), width: 1, height: 1, original });
  const cart = {
    className: 'cart',
    confidence: 0.7,
    box: { x: 0.4, y: 0.4, width: 0.1, height: 0.1 },
    appearance: null,
  };
  const objects = names.length === 2 ? [...people, cart] : people;
  return {
    prepared: { original, grey, picture, done: () => undefined },
    found: { objects, people: { sure: 0.5, faint: 0.4 }, model: 'drawn@1' },
  };
}

function configurationOf(
  version: number,
  {
    wanted,
    tracked,
    paused,
    places,
  }: {
    readonly wanted: boolean;
    readonly tracked: boolean;
    readonly paused: boolean;
    readonly places: ReturnType<typeof planPlaces>;
  },
): Configuration {
  const settings_json = JSON.stringify({
    device: { paused },
    events: { visit: wanted, motion: wanted, zone_entered: wanted, tracking: tracked, detection: tracked },
    thresholds: {
      visit_update_ms: 20_000,
      look_every_ms: 30_000,
      zone_inertia_ms: 200,
      u_turn_ms: 200,
      loitering_ms: 1_000,
      detection_cooldown_ms: 2_000,
      crowd_people: 2,
      crowd_ms: 1_000,
    },
    ...places,
  });
  const configuration = readConfiguration({ version, settings_json });
  if (!configuration) throw new Error('no configuration');
  return configuration;
}

/** Some of those that there may be. */
function planPlaces(random: Random) {
  const columnsOf = (id: string, left: number, right: number) => ({
    id,
    points: [
      { x: left, y: 0 },
      { x: right, y: 0 },
      { x: right, y: 1 },
      { x: left, y: 1 },
    ],
  });
  const lineAt = (id: string, x: number) => ({ id, points: [x, x].map((x, at) => ({ x, y: at })) });
  return {
    zones: [columnsOf('left', 0, 0.4), columnsOf('middle', 0.3, 0.6)].filter(() => random.chance(0.8)),
    lines: [lineAt('first', 0.35), lineAt('second', 0.55)].filter(() => random.chance(0.8)),
  };
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
      const frame = frameOf({ epoch, seq, atMs: atMs + clockMs });
      shots.push({ shot: { frame, look: lookOf(names, atMs) }, comesAtMs: atMs + random.between(0, delayMaxMs) });
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
    const sent = [...shots, ...copies].sort((a, b) => a.comesAtMs - b.comesAtMs).map(({ shot }) => shot);
    return { sent: [...sent, ...control], ordered: [...ordered, ...control.slice(0, 1)] };

    /** In the end a tick, so that nothing waits. */
    function planControl(): readonly Entry[] {
      const tick = { tickAtMs: firstAtMs + atMs + Math.floor(random.between(2_001, 40_000)) };
      if (part === count - 1 || random.chance(0.4)) return [tick];
      if (random.chance(0.5)) return [];
      version += 1;
      const configuration = configurationOf(version, {
        wanted: random.chance(0.7),
        tracked: random.chance(0.7),
        paused: random.chance(0.2),
        places: planPlaces(random),
      });
      return random.chance(0.3) ? [configuration, configuration] : [configuration];
    }
  });
  return parts;
}

function countReopened(events: readonly Event[]): number {
  const over = new Set<string>();
  let reopened = 0;
  for (const { event_id, payload } of events) {
    if (payload.kind !== 'Visit') continue;
    if (payload.state === 'closed') over.add(event_id);
    else if (over.delete(event_id)) reopened += 1;
  }
  return reopened;
}
