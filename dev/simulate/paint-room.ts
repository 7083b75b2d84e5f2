/** The empty room as pixels: painted once per camera by following a few rays through each pixel. */

import { createRandom, hashSeed, valueAt } from './random.ts';
import { HEIGHT_PX, type Room, WIDTH_PX } from './room.ts';

type Colour = readonly [number, number, number];

interface Surfaces {
  readonly seed: number;
  readonly wall: Colour;
  readonly floor: Colour;
  readonly floorKind: 'tiles' | 'planks';
  readonly wood: Colour;
  readonly poster: Colour;
  readonly lampX: number;
  readonly lampZ: number;
}

const SAMPLES = [0.25, 0.75];
const CEILING: Colour = [205, 203, 198];
const DARK: Colour = [30, 27, 25];
const FRAME: Colour = [226, 222, 212];
const CORRIDOR: Colour = [132, 127, 120];

/** Rows of RGB bytes. */
export function paintRoom(room: Room, seed: number, camera: number | string): Uint8ClampedArray {
  const surfaces = chooseSurfaces(room, seed, camera);
  const pixels = new Uint8ClampedArray(WIDTH_PX * HEIGHT_PX * 3);
  for (let row = 0; row < HEIGHT_PX; row++) {
    for (let column = 0; column < WIDTH_PX; column++) {
      let [red, green, blue] = [0, 0, 0];
      for (const dy of SAMPLES) {
        for (const dx of SAMPLES) {
          const seen = lookAlong(room, surfaces, column + dx, row + dy);
          red += seen[0];
          green += seen[1];
          blue += seen[2];
        }
      }
      const at = (row * WIDTH_PX + column) * 3;
      const share = SAMPLES.length ** 2;
      pixels[at] = red / share;
      pixels[at + 1] = green / share;
      pixels[at + 2] = blue / share;
    }
  }
  return pixels;
}

function chooseSurfaces(room: Room, seed: number, camera: number | string): Surfaces {
  const random = createRandom(seed, camera, 'surfaces');
  return {
    seed: hashSeed(seed, camera, 'texture'),
    wall: random.pick<Colour>([
      [196, 186, 164],
      [168, 184, 186],
      [190, 172, 158],
      [176, 186, 160],
      [186, 186, 192],
    ]),
    floor: random.pick<Colour>([
      [136, 112, 88],
      [124, 122, 120],
      [150, 132, 104],
      [108, 98, 92],
    ]),
    floorKind: random.pick(['tiles', 'planks']),
    wood: random.pick<Colour>([
      [118, 84, 54],
      [88, 66, 50],
      [150, 126, 96],
    ]),
    poster: [random.between(60, 200), random.between(60, 160), random.between(60, 200)],
    lampX: random.between(-1, 1),
    lampZ: room.nearM + random.between(0.8, 2),
  };
}

/** The nearest surface on the way of one ray; every distance is measured in z, which is 1 per step of the ray. */
function lookAlong(room: Room, surfaces: Surfaces, column: number, row: number): Colour {
  const { view, depthM, halfWidthM, ceilingM, shelf } = room;
  const rayX = (column - WIDTH_PX / 2) / view.focalPx;
  const rayY = (view.horizonPx - row) / view.focalPx;
  const heightAt = (z: number) => view.cameraHeightM + rayY * z;
  const floorZ = rayY < 0 ? -view.cameraHeightM / rayY : Number.POSITIVE_INFINITY;
  const ceilingZ = rayY > 0 ? (ceilingM - view.cameraHeightM) / rayY : Number.POSITIVE_INFINITY;
  const sideZ = rayX === 0 ? Number.POSITIVE_INFINITY : halfWidthM / Math.abs(rayX);
  const nearest = Math.min(floorZ, ceilingZ, sideZ, depthM);

  const frontZ = depthM - shelf.depthM;
  if (nearest > frontZ) {
    const onFront = inside(rayX * frontZ, shelf.left, shelf.right) && inside(heightAt(frontZ), 0, shelf.topM);
    if (onFront) return lit(room, surfaces, shelfFront(room, surfaces, rayX * frontZ, heightAt(frontZ)), 0.92);
    const edgeX = rayX < 0 ? shelf.right : shelf.left;
    const edgeZ = edgeX / rayX;
    if (inside(edgeZ, frontZ, Math.min(nearest, depthM)) && inside(heightAt(edgeZ), 0, shelf.topM)) {
      return scaled(surfaces.wood, 0.55);
    }
  }
  if (nearest === floorZ) return floorColour(room, surfaces, rayX * floorZ, floorZ);
  if (nearest === ceilingZ) return scaled(CEILING, lamp(surfaces, rayX * ceilingZ, ceilingZ) * 0.95);
  if (nearest === sideZ)
    return wallColour(room, surfaces, sideZ + 40, heightAt(sideZ), sideZ, Math.sign(rayX) * halfWidthM);
  return backWall(room, surfaces, rayX, heightAt);
}

function backWall(room: Room, surfaces: Surfaces, rayX: number, heightAt: (z: number) => number): Colour {
  const { door, poster, depthM } = room;
  const x = rayX * depthM;
  const y = heightAt(depthM);
  if (inside(x, door.left, door.right) && y < door.topM) return corridor(room, surfaces, rayX, heightAt);
  if (inside(x, door.left - 0.09, door.right + 0.09) && y < door.topM + 0.09) return lit(room, surfaces, FRAME, 0.95);
  if (inside(x, poster.left, poster.right) && inside(y, poster.bottomM, poster.topM)) {
    const edge = Math.min(x - poster.left, poster.right - x, y - poster.bottomM, poster.topM - y);
    if (edge < 0.04) return DARK;
    const blotch = smooth(surfaces.seed + 7, x * 5, y * 5);
    return lit(room, surfaces, scaled(surfaces.poster, 0.55 + 0.9 * blotch), 1);
  }
  return wallColour(room, surfaces, x, y, depthM, x);
}

/** Behind the doorway: a dim passage that runs along the wall. */
function corridor(room: Room, surfaces: Surfaces, rayX: number, heightAt: (z: number) => number): Colour {
  const backZ = room.depthM + 1.6;
  if (heightAt(backZ) >= 0) {
    return scaled(
      CORRIDOR,
      0.6 + 0.12 * heightAt(backZ) + 0.08 * smooth(surfaces.seed + 9, rayX * 30, heightAt(backZ) * 3),
    );
  }
  const fall = heightAt(room.depthM) - heightAt(room.depthM + 1);
  const floorZ = room.depthM + heightAt(room.depthM) / fall;
  return scaled(floorColour(room, surfaces, rayX * floorZ, floorZ), 0.55);
}

function floorColour(room: Room, surfaces: Surfaces, x: number, z: number): Colour {
  const { seed, floor, floorKind } = surfaces;
  const size = floorKind === 'tiles' ? { x: 0.5, z: 0.5 } : { x: 0.2, z: 1.4 };
  const columnOf = Math.floor(x / size.x);
  const shift = floorKind === 'planks' ? valueAt(seed + 3, columnOf, 0) * size.z : 0;
  const rowOf = Math.floor((z + shift) / size.z);
  const jointX = Math.abs(x / size.x - columnOf - 0.5) > 0.5 - 0.012 / size.x;
  const jointZ = Math.abs((z + shift) / size.z - rowOf - 0.5) > 0.5 - 0.014 / size.z;
  const grain =
    floorKind === 'planks'
      ? smooth(seed + 1, x * 40, z * 3)
      : 0.5 * smooth(seed + 1, x * 9, z * 9) + 0.5 * smooth(seed + 2, x * 30, z * 30);
  const piece = 0.86 + 0.2 * valueAt(seed + 4, columnOf, rowOf) + 0.2 * (grain - 0.5);
  const joint = jointX || jointZ ? 0.72 : 1;
  const corner =
    0.72 + 0.28 * Math.min(1, Math.abs(room.depthM - z) * 1.6, (room.halfWidthM - Math.abs(x)) * 1.6 + 0.2);
  return scaled(floor, piece * joint * corner * lamp(surfaces, x, z));
}

function wallColour(room: Room, surfaces: Surfaces, along: number, y: number, z: number, x: number): Colour {
  const plaster =
    0.94 +
    0.07 * smooth(surfaces.seed + 5, along * 3, y * 3) +
    0.08 * (smooth(surfaces.seed + 6, along * 25, y * 25) - 0.5);
  if (y < 0.1) return scaled(FRAME, 0.62 * lamp(surfaces, x, z));
  const height = 0.8 + 0.2 * Math.min(1, (room.ceilingM - y) * 2.5);
  return scaled(surfaces.wall, plaster * height * lamp(surfaces, x, z) * (z < room.depthM ? 0.88 : 1));
}

function shelfFront(room: Room, surfaces: Surfaces, x: number, y: number): Colour {
  const { shelf } = room;
  const levelM = shelf.topM / 4;
  const level = Math.floor(y / levelM);
  const above = y - level * levelM;
  if (above < 0.035 || above > levelM - 0.01 || x - shelf.left < 0.035 || shelf.right - x < 0.035) return surfaces.wood;
  const goods = Math.floor((x - shelf.left) / 0.17);
  const present = valueAt(surfaces.seed + 20 + level, goods, 0);
  const tall = levelM * (0.45 + 0.45 * valueAt(surfaces.seed + 30 + level, goods, 0));
  const gap = (x - shelf.left) / 0.17 - goods;
  if (present < 0.15 || above > tall || gap < 0.08) return scaled(surfaces.wood, 0.32);
  const hue = (channel: number) => 70 + 85 * valueAt(surfaces.seed + 40 + level, goods, channel);
  const label = above > tall * 0.4 && above < tall * 0.65 ? 1.35 : 1;
  return scaled([hue(1), hue(2), hue(3)], label * (0.8 + 0.2 * Math.sin(gap * Math.PI)));
}

function lit(room: Room, surfaces: Surfaces, colour: Colour, share: number): Colour {
  return scaled(colour, share * lamp(surfaces, 0, room.depthM));
}

function lamp(surfaces: Surfaces, x: number, z: number): number {
  const away = (x - surfaces.lampX) ** 2 + (z - surfaces.lampZ) ** 2;
  return 0.7 + 0.42 / (1 + away * 0.09);
}

/** Value noise: random at whole coordinates, smooth between. */
function smooth(seed: number, u: number, v: number): number {
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const [fu, fv] = [ease(u - column), ease(v - row)];
  const top = valueAt(seed, column, row) * (1 - fu) + valueAt(seed, column + 1, row) * fu;
  const bottom = valueAt(seed, column, row + 1) * (1 - fu) + valueAt(seed, column + 1, row + 1) * fu;
  return top * (1 - fv) + bottom * fv;
}

function ease(share: number): number {
  return share * share * (3 - 2 * share);
}

function inside(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

function scaled([red, green, blue]: Colour, factor: number): Colour {
  return [red * factor, green * factor, blue * factor];
}
