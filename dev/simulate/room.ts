/**
 * The room a camera looks into, in metres: x to the right of the camera, y up from the floor, z away from it.
 * Each camera has its own, drawn from the seed; the sizes are bound to each other so that whoever walks in the
 * foreground has feet in the picture and is out of it before reaching a side wall.
 */

import { createRandom } from './random.ts';

export const WIDTH_PX = 320;
export const HEIGHT_PX = 240;

export interface View {
  readonly focalPx: number;
  readonly horizonPx: number;
  readonly cameraHeightM: number;
}

export interface Spot {
  readonly x: number;
  readonly z: number;
}

export interface Room {
  readonly view: View;
  /** Nearest floor that is well inside the picture. */
  readonly nearM: number;
  readonly depthM: number;
  readonly halfWidthM: number;
  readonly ceilingM: number;
  /** An open doorway in the back wall. */
  readonly door: { readonly left: number; readonly right: number; readonly topM: number };
  /** Against the back wall. */
  readonly shelf: { readonly left: number; readonly right: number; readonly topM: number; readonly depthM: number };
  readonly poster: { readonly left: number; readonly right: number; readonly bottomM: number; readonly topM: number };
}

export interface Projected {
  readonly x: number;
  readonly y: number;
  readonly pxPerM: number;
}

export function createRoom(seed: number, camera: number | string): Room {
  const random = createRandom(seed, camera, 'room');
  const view = {
    focalPx: random.between(240, 275),
    horizonPx: random.between(52, 68),
    cameraHeightM: random.between(2.15, 2.4),
  };
  const nearM = (view.focalPx * view.cameraHeightM) / (HEIGHT_PX - 8 - view.horizonPx);
  const halfWidthM = sightHalfWidthM(view, nearM + 1.2) + 0.5;
  const doorSide = random.chance(0.5) ? 1 : -1;
  const doorX = doorSide * random.between(1.3, halfWidthM - 1.2);
  const shelfX = -doorSide * random.between(1.2, halfWidthM - 1.3);
  const posterX = (doorX + shelfX) / 2;
  return {
    view,
    nearM,
    depthM: nearM + random.between(2.3, 2.7),
    halfWidthM,
    ceilingM: 2.75,
    door: { left: doorX - 0.5, right: doorX + 0.5, topM: 2.1 },
    shelf: { left: shelfX - 0.75, right: shelfX + 0.75, topM: random.between(1.55, 1.95), depthM: 0.4 },
    poster: { left: posterX - 0.35, right: posterX + 0.35, bottomM: 1.2, topM: random.between(1.9, 2.2) },
  };
}

/** How far to either side the picture reaches at a distance. */
export function sightHalfWidthM(view: View, z: number): number {
  return (WIDTH_PX / 2 / view.focalPx) * z;
}

/** The camera looks straight ahead through a shifted lens, so what is upright stays upright. */
export function project(view: View, point: { readonly x: number; readonly y: number; readonly z: number }): Projected {
  const pxPerM = view.focalPx / point.z;
  return {
    x: WIDTH_PX / 2 + point.x * pxPerM,
    y: view.horizonPx + (view.cameraHeightM - point.y) * pxPerM,
    pxPerM,
  };
}
