/**
 * Who comes when, and where they are at any moment. Time is cut into slots of 30 s; each holds one visitor, at times
 * with company, whose whole stay fits into it. So any moment is answered by looking at its own slot only.
 */

import { createRandom, type Random } from './random.ts';
import { type Room, type Spot, sightHalfWidthM } from './room.ts';

export interface Stance {
  readonly personId: string;
  readonly spot: Spot;
  /** Unit vector over the floor. */
  readonly facing: Spot;
  /** 0 stands, 1 walks. */
  readonly gait: number;
  readonly walkedM: number;
  /** 0 arms down, 1 an arm stretched out, as towards goods on a shelf. */
  readonly reach: number;
}

interface Stage {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly from: Spot;
  readonly to: Spot;
  readonly walkedBeforeM: number;
  /** Where a standing visitor looks; null while walking. */
  readonly looksAt: Spot | null;
}

interface Visitor {
  readonly personId: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly stages: readonly Stage[];
  readonly reaches: boolean;
}

const SLOT_MS = 30_000;
const STAY_MIN_MS = 5000;
const STAY_MAX_MS = 15_000;
/** Positions are averaged over this much to either side: it rounds corners and softens starts and stops. */
const SMOOTH_MS = 300;

interface Visiting {
  readonly seed: number;
  readonly camera: number | string;
  readonly room: Room;
  /** How many more come with each visitor. */
  readonly crowd: number;
}

export function createVisitors(visiting: Visiting) {
  const slots = new Map<number, readonly Visitor[]>();

  const visitorsOf = (slot: number): readonly Visitor[] => {
    const known = slots.get(slot);
    if (known) return known;
    const planned = planSlot({ ...visiting, slot });
    // Frames come mostly in order; what is dropped is planned again if anybody asks.
    if (slots.size > 8) slots.clear();
    slots.set(slot, planned);
    return planned;
  };

  return {
    at(atMs: number): readonly Stance[] {
      return visitorsOf(Math.floor(atMs / SLOT_MS))
        .filter(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs)
        .map((visitor) => stanceAt(visitor, atMs));
    },
  };
}

function planSlot({ seed, camera, room, crowd, slot }: Visiting & { readonly slot: number }) {
  const random = createRandom(seed, camera, 'visitors', slot);
  // The first visitor comes soon, so that whoever has just started the system sees it work.
  const arrivalMs = slot * SLOT_MS + (slot === 0 ? random.between(2000, 6000) : random.between(0, 10_000));
  const visitors = [planVisitor(random, room, `${camera}/${slot}a`, arrivalMs)];
  if (random.chance(0.15)) {
    visitors.push(planVisitor(random, room, `${camera}/${slot}b`, arrivalMs + random.between(1500, 4000)));
  }
  for (let more = 0; more < crowd; more += 1) {
    visitors.push(planVisitor(random, room, `${camera}/${slot}+${more}`, arrivalMs + random.between(0, 3000)));
  }
  return visitors;
}

function planVisitor(random: Random, room: Room, personId: string, fromMs: number): Visitor {
  const entry = random.pick<Gate>(['door', 'left', 'right']);
  const exit = random.pick<Gate>(entry === 'door' ? ['left', 'right', 'door'] : ['door', 'left', 'right']);
  const kind = random.pick(['passes', 'passes', 'stands', 'shelf', 'shelf']);
  const stop = kind === 'shelf' ? atShelf(random, room) : somewhere(random, room);
  const spots = [...through(random, room, entry), stop, ...through(random, room, exit).toReversed()];

  const lengthM = spots.slice(1).reduce((sum, spot, index) => sum + distanceM(spots[index] ?? spot, spot), 0);
  const walkMs = Math.min(STAY_MAX_MS - 2000, Math.max(STAY_MIN_MS, (lengthM / random.between(0.95, 1.4)) * 1000));
  const pauseMs = kind === 'passes' ? 0 : Math.min(random.between(2000, 7000), STAY_MAX_MS - walkMs);

  const stages: Stage[] = [];
  let atMs = fromMs;
  let walkedM = 0;
  for (const [index, to] of spots.slice(1).entries()) {
    const from = spots[index] ?? to;
    const stageMs = (distanceM(from, to) / lengthM) * walkMs;
    stages.push({ fromMs: atMs, untilMs: atMs + stageMs, from, to, walkedBeforeM: walkedM, looksAt: null });
    atMs += stageMs;
    walkedM += distanceM(from, to);
    if (to !== stop || pauseMs === 0) continue;
    const looksAt = kind === 'shelf' ? { x: stop.x, z: room.depthM } : { x: random.between(-2, 2), z: 0 };
    stages.push({ fromMs: atMs, untilMs: atMs + pauseMs, from: to, to, walkedBeforeM: walkedM, looksAt });
    atMs += pauseMs;
  }
  return { personId, fromMs, untilMs: atMs, stages, reaches: kind === 'shelf' };
}

type Gate = 'door' | 'left' | 'right';

/** From out of sight to inside the room. */
function through(random: Random, room: Room, gate: Gate): readonly Spot[] {
  if (gate === 'door') {
    const middle = (room.door.left + room.door.right) / 2;
    const hidden = middle + (random.chance(0.5) ? 1 : -1) * 1.1;
    return [
      { x: hidden, z: room.depthM + 0.6 },
      { x: middle, z: room.depthM + 0.4 },
      { x: middle, z: room.depthM - 0.5 },
    ];
  }
  const z = room.nearM + random.between(0.1, 0.8);
  return [{ x: (gate === 'left' ? -1 : 1) * (sightHalfWidthM(room.view, z) + 0.5), z }];
}

function somewhere(random: Random, room: Room): Spot {
  return { x: random.between(-1.4, 1.4), z: room.nearM + random.between(0.3, 1.3) };
}

function atShelf(random: Random, room: Room): Spot {
  const { shelf, depthM } = room;
  return { x: random.between(shelf.left + 0.2, shelf.right - 0.2), z: depthM - shelf.depthM - 0.45 };
}

function stanceAt(visitor: Visitor, atMs: number): Stance {
  const before = spotAt(visitor, atMs - SMOOTH_MS);
  const now = spotAt(visitor, atMs);
  const after = spotAt(visitor, atMs + SMOOTH_MS);
  const spot = { x: (before.x + now.x + after.x) / 3, z: (before.z + now.z + after.z) / 3 };
  const stage = stageAt(visitor, atMs);
  const speed = distanceM(before, after) / ((2 * SMOOTH_MS) / 1000);
  const gait = Math.min(1, speed / 0.8);
  const look = stage?.looksAt ? direction(now, stage.looksAt) : null;
  const heading = direction(before, after);
  const facing = look ? unit({ x: look.x + gait * heading.x, z: look.z + gait * heading.z + 1e-6 }) : heading;
  const share = stage ? (atMs - stage.fromMs) / (stage.untilMs - stage.fromMs) : 0;
  const walkedM = (stage?.walkedBeforeM ?? 0) + (stage ? share * distanceM(stage.from, stage.to) : 0);
  const reach = visitor.reaches && look ? Math.max(0, Math.sin(Math.PI * share)) * (1 - gait) : 0;
  return { personId: visitor.personId, spot, facing, gait, walkedM, reach };
}

function spotAt(visitor: Visitor, atMs: number): Spot {
  const stage = stageAt(visitor, atMs);
  if (!stage) return { x: 0, z: 1 };
  const share = Math.min(1, Math.max(0, (atMs - stage.fromMs) / (stage.untilMs - stage.fromMs)));
  return {
    x: stage.from.x + (stage.to.x - stage.from.x) * share,
    z: stage.from.z + (stage.to.z - stage.from.z) * share,
  };
}

function stageAt({ stages }: Visitor, atMs: number): Stage | undefined {
  return stages.find(({ untilMs }) => atMs < untilMs) ?? stages.at(-1);
}

function distanceM(a: Spot, b: Spot): number {
  return Math.hypot(b.x - a.x, b.z - a.z);
}

function direction(from: Spot, to: Spot): Spot {
  return unit({ x: to.x - from.x, z: to.z - from.z });
}

function unit({ x, z }: Spot): Spot {
  const length = Math.hypot(x, z);
  return length > 0 ? { x: x / length, z: z / length } : { x: 0, z: -1 };
}
