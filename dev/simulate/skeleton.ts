/**
 * A body as joints and limbs in the picture: a skeleton in metres, posed by its gait, seen through the camera.
 * Because the joints are placed in the room, walking sideways, towards and away all come out of one pose.
 */

import { createRandom, type SeedPart } from './random.ts';
import { HEIGHT_PX, project, type Room, WIDTH_PX } from './room.ts';
import type { Stance } from './visitors.ts';

export type Colour = readonly [number, number, number];

export interface Cloth {
  readonly colour: Colour;
  readonly second: Colour;
  readonly pattern: 'plain' | 'rings' | 'lines' | 'checks';
  /** Width of a stripe. */
  readonly stripeM: number;
}

export interface Looks {
  readonly seed: number;
  readonly heightM: number;
  readonly girth: number;
  readonly shirt: Cloth;
  readonly trousers: Cloth;
  readonly shoes: Colour;
  readonly skin: Colour;
  readonly hair: Colour;
  readonly longSleeves: boolean;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A tapered stroke of the brush; with a `profile` a shape with flat ends whose half width follows it. */
export interface Limb {
  readonly from: Point;
  readonly to: Point;
  readonly fromPx: number;
  readonly toPx: number;
  readonly profile?: readonly number[];
  readonly lengthM: number;
  readonly material: 'shirt' | 'trousers' | 'shoes' | 'skin' | 'head';
  readonly depthM: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Joint {
  readonly forward: number;
  readonly side: number;
  readonly up: number;
}

const TORSO_PROFILE = [0.28, 0.68, 0.93, 1, 0.97, 0.91, 0.86, 0.86, 0.92, 0.95];
const STRIDE_PER_HEIGHT = 0.82;

export function createLooks(...seed: readonly SeedPart[]): Looks {
  const random = createRandom(...seed, 'looks');
  const vivid = (): Colour => {
    const strong = Math.floor(random.next() * 3);
    const tone = (channel: number) => (channel === strong ? random.between(130, 225) : random.between(25, 110));
    return [tone(0), tone(1), tone(2)];
  };
  const trousers = random.pick<Colour>([
    [38, 46, 78],
    [44, 44, 48],
    [70, 62, 48],
    [60, 78, 110],
    [30, 32, 34],
  ]);
  return {
    seed: Math.floor(random.next() * 1e9),
    heightM: random.between(1.6, 1.9),
    girth: random.between(0.92, 1.15),
    shirt: {
      colour: vivid(),
      second: random.pick<Colour>([[228, 224, 214], [40, 40, 46], vivid()]),
      pattern: random.pick(['plain', 'rings', 'lines', 'checks']),
      stripeM: random.between(0.05, 0.09),
    },
    trousers: { colour: trousers, second: trousers, pattern: 'plain', stripeM: 0.1 },
    shoes: random.pick<Colour>([
      [24, 22, 22],
      [70, 48, 32],
      [200, 198, 192],
    ]),
    skin: random.pick<Colour>([
      [226, 182, 152],
      [196, 144, 110],
      [142, 98, 70],
      [98, 66, 48],
    ]),
    hair: random.pick<Colour>([
      [34, 26, 22],
      [78, 52, 32],
      [150, 118, 72],
      [120, 118, 116],
    ]),
    longSleeves: random.chance(0.6),
  };
}

/** The limbs in the order in which they are painted: what is farther first. */
export function poseFigure(room: Room, looks: Looks, stance: Stance): readonly Limb[] {
  const { heightM: h, girth } = looks;
  const phase = (stance.walkedM / (STRIDE_PER_HEIGHT * h)) * 2 * Math.PI;
  const legs = [poseLeg(h, phase, stance.gait, -1), poseLeg(h, phase + Math.PI, stance.gait, 1)];
  // The lower foot stands on the floor, whatever the legs do.
  const hipUp = -Math.min(...legs.map(({ ankle, toe }) => Math.min(ankle.up - 0.05, toe.up - 0.042)));

  const place = ({ forward, side, up }: Joint) => {
    const { facing, spot } = stance;
    const at = {
      x: spot.x + facing.x * forward + facing.z * side,
      y: up,
      z: spot.z + facing.z * forward - facing.x * side,
    };
    return { ...project(room.view, at), z: at.z };
  };
  const limb = (material: Limb['material'], a: Joint, b: Joint, radii: readonly [number, number], nearer = 0): Limb => {
    const [from, to] = [place(a), place(b)];
    const lengthM = Math.hypot(a.forward - b.forward, a.side - b.side, a.up - b.up);
    const depthM = (from.z + to.z) / 2 - nearer;
    return { from, to, fromPx: radii[0] * from.pxPerM, toPx: radii[1] * to.pxPerM, lengthM, material, depthM };
  };
  const raised = (joint: Joint): Joint => ({ ...joint, up: joint.up + hipUp });

  const limbs: Limb[] = [];
  for (const leg of legs) {
    const [hip, knee, ankle, toe] = [raised(leg.hip), raised(leg.knee), raised(leg.ankle), raised(leg.toe)];
    limbs.push(limb('shoes', ankle, toe, [0.05, 0.042]));
    limbs.push(limb('trousers', knee, ankle, [0.068 * girth, 0.05]));
    limbs.push(limb('trousers', hip, knee, [0.092 * girth, 0.068 * girth]));
  }

  const lean = 0.03 * stance.gait;
  const chestUp = hipUp + 0.3 * h;
  const shoulderUp = hipUp + 0.285 * h;
  for (const side of [-1, 1]) {
    const swing = 0.5 * stance.gait * Math.sin(phase + (side < 0 ? Math.PI : 0)) + 0.06;
    const reach = side > 0 ? stance.reach : 0;
    const upperAngle = swing * (1 - reach) + 1.15 * reach;
    const lowerAngle = upperAngle + (0.25 + 0.3 * stance.gait) * (1 - reach) + 0.3 * reach;
    const shoulder = { forward: lean, side: side * 0.1 * h * girth, up: shoulderUp - 0.036 * h };
    const elbow = swung(shoulder, 0.172 * h, upperAngle, side * 0.03);
    const wrist = swung(elbow, 0.15 * h, lowerAngle, 0);
    const hand = swung(wrist, 0.05 * h, lowerAngle, 0);
    limbs.push(limb('skin', wrist, hand, [0.036, 0.042]));
    limbs.push(limb(looks.longSleeves ? 'shirt' : 'skin', elbow, wrist, [0.045, 0.036]));
    limbs.push(limb('shirt', shoulder, elbow, [0.062 * girth, 0.05], side * 1e-3));
  }

  // Seen from the side a chest is half as wide as from the front.
  const sideways = Math.abs(stance.facing.x);
  const halfM = girth * h * Math.hypot(0.118 * Math.sqrt(1 - sideways ** 2), 0.068 * sideways);
  const [neck, seat] = [
    { forward: lean, side: 0, up: chestUp },
    { forward: 0, side: 0, up: hipUp - 0.055 * h },
  ];
  limbs.push({ ...limb('shirt', neck, seat, [halfM, halfM]), profile: TORSO_PROFILE });
  const chin = { forward: lean + 0.012, side: 0, up: chestUp + 0.035 * h };
  limbs.push(limb('skin', { ...neck, up: chestUp - 0.02 * h }, chin, [0.05, 0.05], -0.02));
  const crown = { ...chin, up: chestUp + 0.052 * h };
  limbs.push(limb('head', crown, { ...crown, up: crown.up + 0.035 * h }, [0.058 * h, 0.058 * h], 0.05));
  return limbs.sort((a, b) => b.depthM - a.depthM);
}

function poseLeg(h: number, phase: number, gait: number, side: number) {
  const thighAngle = gait * (0.42 * Math.sin(phase) + 0.08);
  // The knee bends while the leg swings forward.
  const bend = 0.06 + gait * (0.1 + 0.75 * Math.max(0, Math.cos(phase)) ** 1.5);
  const hip = { forward: 0, side: side * (0.048 * h + 0.006), up: 0 };
  const knee = swung(hip, 0.245 * h, thighAngle, 0);
  const ankle = swung(knee, 0.24 * h, thighAngle - bend, 0);
  const tilt = 0.25 * Math.sin(thighAngle - bend / 2);
  const toe = { forward: ankle.forward + 0.17, side: ankle.side * 1.25, up: ankle.up - 0.035 + 0.17 * tilt };
  return { hip, knee, ankle, toe };
}

function swung(from: Joint, lengthM: number, angle: number, outwards: number): Joint {
  return {
    forward: from.forward + lengthM * Math.sin(angle),
    side: from.side + outwards,
    up: from.up - lengthM * Math.cos(angle),
  };
}

/** What the limbs cover, in pixels, as if the picture had no edges. */
export function boundsOf(limbs: readonly Limb[]): Box {
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (const { from, to, fromPx, toPx, profile } of limbs) {
    left = Math.min(left, from.x - fromPx, to.x - toPx);
    right = Math.max(right, from.x + fromPx, to.x + toPx);
    top = Math.min(top, from.y - (profile ? 0 : fromPx), to.y - (profile ? 0 : toPx));
    bottom = Math.max(bottom, from.y + (profile ? 0 : fromPx), to.y + (profile ? 0 : toPx));
  }
  return { left, top, right, bottom };
}

/** Where a figure can be seen at all: in the picture, and behind the wall only through the doorway. */
export function openingFor(room: Room, stance: Stance): Box {
  if (stance.spot.z <= room.depthM) return { left: 0, top: 0, right: WIDTH_PX, bottom: HEIGHT_PX };
  const { door, depthM } = room;
  const topLeft = project(room.view, { x: door.left, y: door.topM, z: depthM });
  const bottomRight = project(room.view, { x: door.right, y: 0, z: depthM });
  return {
    left: Math.max(0, Math.ceil(topLeft.x)),
    top: Math.ceil(topLeft.y),
    right: Math.min(WIDTH_PX, Math.floor(bottomRight.x)),
    bottom: Math.ceil(bottomRight.y),
  };
}
