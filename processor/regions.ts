import type { Box } from '../schemas/types.ts';
import type { MotionGrid } from './motion.ts';

export interface Regions {
  /** How many cells lie in them. */
  readonly cells: number;
  /** In shares of the picture, the largest first. */
  readonly boxes: readonly Box[];
}

/** Fewer cells than these, in one place, are noise. */
const CELLS_MIN = 3;
/** Boxes that are no further apart than this belong together: a person of two halves is one. */
const APART_MAX = 1;
const BOXES_MAX = 8;

/** In cells; right and bottom are the last ones inside. */
interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly cells: number;
}

/** Where marked cells hang together, at their sides or corners. */
export function findRegions(marked: Uint8Array, grid: MotionGrid): Regions {
  const left = marked.slice();
  const found: Region[] = [];
  for (let cell = 0; cell < left.length; cell += 1) {
    if (!left[cell]) continue;
    const region = takeRegion(left, cell, grid);
    if (region.cells >= CELLS_MIN) found.push(region);
  }
  const merged = mergeNear(found).toSorted((a, b) => b.cells - a.cells);
  const rest = merged.slice(BOXES_MAX - 1);
  const few = rest.length > 1 ? [...merged.slice(0, BOXES_MAX - 1), rest.reduce(joined)] : merged;
  return {
    cells: found.reduce((sum, { cells }) => sum + cells, 0),
    boxes: few.map((region) => ({
      x: region.left / grid.columns,
      y: region.top / grid.rows,
      width: (region.right - region.left + 1) / grid.columns,
      height: (region.bottom - region.top + 1) / grid.rows,
    })),
  };
}

/** Takes all that hangs together with a cell out of `marked`. */
function takeRegion(marked: Uint8Array, first: number, { columns, rows }: MotionGrid): Region {
  let region: Region = { left: columns, top: rows, right: -1, bottom: -1, cells: 0 };
  const open = [first];
  marked[first] = 0;
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    const column = cell % columns;
    const row = (cell - column) / columns;
    region = joined(region, { left: column, top: row, right: column, bottom: row, cells: 1 });
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
        if (!marked[y * columns + x]) continue;
        marked[y * columns + x] = 0;
        open.push(y * columns + x);
      }
    }
  }
  return region;
}

function mergeNear(regions: readonly Region[]): readonly Region[] {
  const merged: Region[] = [];
  for (const region of regions) {
    let grown = region;
    // What it has grown by may have brought it near to others.
    for (let near = 0; near >= 0; ) {
      near = merged.findIndex((other) => isNear(other, grown));
      if (near >= 0) grown = joined(grown, merged.splice(near, 1)[0] as Region);
    }
    merged.push(grown);
  }
  return merged;
}

function isNear(one: Region, other: Region): boolean {
  return (
    Math.max(one.left, other.left) - Math.min(one.right, other.right) <= APART_MAX + 1 &&
    Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom) <= APART_MAX + 1
  );
}

function joined(one: Region, other: Region): Region {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
    cells: one.cells + other.cells,
  };
}
