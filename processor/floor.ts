import type { Box } from '../schemas/types.ts';

/** Where people stand in the picture, in shares of it: y grows downwards. Pure. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Which side of a line, as seen by somebody who looks from its first point to its second. */
export type Side = 'left' | 'right';

/** A polygon ends where the picture does; a foot on the very edge is still within it. */
const EDGE = 1 - 2 ** -20;

/** Where they touch the floor, as far as the picture shows it. */
export function footOf({ x, y, width, height }: Box): Point {
  return { x: within(x + width / 2), y: within(y + height) };
}

/** Even-odd rule: a ray to the right crosses the outline an odd number of times. */
export function contains(polygon: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  let previous = polygon.at(-1);
  for (const corner of polygon) {
    if (previous && corner.y > y !== previous.y > y) {
      const crossingX = corner.x + ((y - corner.y) * (previous.x - corner.x)) / (previous.y - corner.y);
      if (x < crossingX) inside = !inside;
    }
    previous = corner;
  }
  return inside;
}

/**
 * The side to which somebody went who walked straight from one point to the other; null if they did not cross the line.
 * Each point has a side, also one on the line itself, so that whoever goes there and on has crossed it once.
 */
export function crossing([first, second]: readonly [Point, Point], from: Point, to: Point): Side | null {
  const side = sideOf(first, second, to);
  if (sideOf(first, second, from) === side) return null;
  // The ends of the line are on either side of the way, too.
  return sideOf(from, to, first) === sideOf(from, to, second) ? null : side;
}

/** Of the line and of what lies straight before and behind it. */
export function sideOf(first: Point, second: Point, { x, y }: Point): Side {
  return (second.x - first.x) * (y - first.y) > (second.y - first.y) * (x - first.x) ? 'right' : 'left';
}

function within(share: number): number {
  return Math.min(EDGE, Math.max(0, share));
}
