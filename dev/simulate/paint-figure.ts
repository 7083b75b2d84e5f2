/** Puts a posed figure into the picture: rounded by light, with cloth that has a weave, folds and a pattern. */

import { valueAt } from './random.ts';
import { project, type Room, WIDTH_PX } from './room.ts';
import { type Box, boundsOf, type Cloth, type Colour, type Limb, type Looks } from './skeleton.ts';
import type { Stance } from './visitors.ts';

export interface Figure {
  readonly looks: Looks;
  readonly stance: Stance;
  readonly limbs: readonly Limb[];
  /** Where it may be painted. */
  readonly opening: Box;
}

export function paintFigure(pixels: Uint8ClampedArray, room: Room, figure: Figure): void {
  paintShadow(pixels, room, figure);
  const brightness = figure.stance.spot.z > room.depthM ? 0.85 : 1;
  for (const limb of figure.limbs) paintLimb(pixels, figure, limb, brightness);
}

function paintLimb(
  pixels: Uint8ClampedArray,
  { looks, stance, opening }: Figure,
  limb: Limb,
  brightness: number,
): void {
  const { from, to, fromPx, toPx, profile } = limb;
  const box = boundsOf([limb]);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  // A limb that points at the camera is a disc.
  const lengthPx = Math.max(0.01, Math.hypot(dx, dy));
  const [ux, uy] = [dx / lengthPx, dy / lengthPx];
  const pxPerM = Math.max(1, lengthPx / Math.max(0.01, limb.lengthM));
  const top = Math.max(Math.floor(box.top), Math.ceil(opening.top));
  const bottom = Math.min(Math.ceil(box.bottom), opening.bottom);
  const left = Math.max(Math.floor(box.left), Math.ceil(opening.left));
  const right = Math.min(Math.ceil(box.right), opening.right);

  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const [px, py] = [column + 0.5 - from.x, row + 0.5 - from.y];
      const along = px * ux + py * uy;
      const across = px * uy - py * ux;
      const share = Math.min(1, Math.max(0, along / lengthPx));
      const overshoot = along < 0 ? -along : Math.max(0, along - lengthPx);
      const radius = profile ? profileAt(profile, share) * fromPx : fromPx + (toPx - fromPx) * share;
      const distance = profile
        ? Math.max(Math.abs(across), overshoot > 0 ? radius + overshoot : 0)
        : Math.hypot(across, overshoot);
      const cover = Math.min(1, radius - distance + 0.5);
      if (cover <= 0) continue;

      const side = Math.max(-1, Math.min(1, across / radius));
      let colour: Colour;
      let light = (0.62 + 0.4 * Math.sqrt(1 - side * side) - 0.1 * side * Math.sign(-uy || 1)) * brightness;
      if (limb.material === 'head') {
        const up = ((from.y + to.y) / 2 - (row + 0.5)) / (fromPx + lengthPx / 2);
        colour = headColour(looks, stance, (column + 0.5 - from.x) / fromPx, up);
        light = (0.72 + 0.34 * Math.sqrt(Math.max(0, 1 - side * side)) + 0.06 * up) * brightness;
      } else if (limb.material === 'shoes') colour = looks.shoes;
      else if (limb.material === 'skin') colour = looks.skin;
      else {
        const cloth = looks[limb.material];
        const alongM = along / pxPerM;
        const acrossM = (Math.asin(side) * radius) / pxPerM;
        colour = clothColour(cloth, alongM, acrossM);
        const weave = valueAt(looks.seed, Math.floor(alongM * 90), Math.floor(acrossM * 90)) - 0.5;
        const fold = Math.sin(alongM * 34 + acrossM * 21 + looks.seed) * Math.sin(acrossM * 47 - alongM * 9);
        light *= 1 + 0.16 * weave + 0.09 * fold;
        if (limb.material === 'trousers') light *= 1 - 0.12 * share;
        else if (profile && share > 0.94) light *= 0.7;
      }
      blend(pixels, (row * WIDTH_PX + column) * 3, colour, light, cover);
    }
  }
}

function clothColour(cloth: Cloth, alongM: number, acrossM: number): Colour {
  const ring = Math.floor(alongM / cloth.stripeM) % 2 === 0;
  const line = Math.floor(acrossM / cloth.stripeM + 100.5) % 2 === 0;
  if (cloth.pattern === 'rings') return ring ? cloth.colour : cloth.second;
  if (cloth.pattern === 'lines') return line ? cloth.colour : cloth.second;
  if (cloth.pattern === 'checks') return ring === line ? cloth.colour : cloth.second;
  return cloth.colour;
}

/** A head is a ball: the point of it that is seen tells whether it is face, eye or hair. */
function headColour(looks: Looks, { facing }: Stance, right: number, up: number): Colour {
  const towards = Math.sqrt(Math.max(0, 1 - right * right - up * up));
  // The ball's front is where the figure faces; the camera looks along +z, so `towards` points to -z.
  const front = right * facing.x - towards * facing.z;
  const aside = right * facing.z + towards * facing.x;
  if (up > 0.52 || front < -0.12 || (up > 0.1 && front < 0.25)) return looks.hair;
  if (front > 0.7 && Math.abs(up - 0.12) < 0.09 && Math.abs(Math.abs(aside) - 0.36) < 0.13) return [30, 24, 24];
  if (front > 0.75 && Math.abs(up + 0.5) < 0.06 && Math.abs(aside) < 0.26) return [128, 62, 58];
  return looks.skin;
}

/** Where the body keeps the light off the floor. */
function paintShadow(pixels: Uint8ClampedArray, room: Room, { stance, opening }: Figure): void {
  const centre = project(room.view, { x: stance.spot.x, y: 0, z: stance.spot.z });
  const radiusX = 0.32 * centre.pxPerM;
  const radiusY = radiusX * (room.view.cameraHeightM / stance.spot.z) * 0.5;
  const top = Math.max(opening.top, Math.floor(centre.y - radiusY));
  const bottom = Math.min(opening.bottom, Math.ceil(centre.y + radiusY));
  const left = Math.max(opening.left, Math.floor(centre.x - radiusX));
  const right = Math.min(opening.right, Math.ceil(centre.x + radiusX));
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const away = ((column + 0.5 - centre.x) / radiusX) ** 2 + ((row + 0.5 - centre.y) / radiusY) ** 2;
      if (away < 1) blend(pixels, (row * WIDTH_PX + column) * 3, [12, 10, 10], 1, 0.5 * (1 - away));
    }
  }
}

function profileAt(profile: readonly number[], share: number): number {
  const at = share * (profile.length - 1);
  const index = Math.min(profile.length - 2, Math.floor(at));
  const low = profile[index] ?? 1;
  return low + ((profile[index + 1] ?? low) - low) * (at - index);
}

function blend(pixels: Uint8ClampedArray, at: number, [red, green, blue]: Colour, light: number, cover: number): void {
  pixels[at] = (pixels[at] ?? 0) * (1 - cover) + red * light * cover;
  pixels[at + 1] = (pixels[at + 1] ?? 0) * (1 - cover) + green * light * cover;
  pixels[at + 2] = (pixels[at + 2] ?? 0) * (1 - cover) + blue * light * cover;
}
