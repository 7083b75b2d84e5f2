import type { Box } from '../schemas/types.ts';

/**
 * Motion by frame difference, on a small grey picture. Pure: the same pictures give the same motion.
 *
 * What the whole picture does at once (exposure, a lamp) is taken out first: a cell counts as changed when it changed
 * otherwise than most of the picture did.
 */
export interface MotionGrid {
  readonly columns: number;
  readonly rows: number;
}

export interface MotionThresholds {
  /** A cell has changed when its grey moved by more than this, of 255. */
  readonly cellChangeMin: number;
  /** There is motion when more than this share of the cells has changed. */
  readonly scoreMin: number;
}

export interface FrameMotion {
  readonly score: number;
  readonly moving: boolean;
  readonly boxes: readonly Box[];
}

export const motionGrid: MotionGrid = { columns: 64, rows: 48 };

export function measureMotion(
  before: Uint8Array,
  now: Uint8Array,
  { columns, rows, cellChangeMin, scoreMin }: MotionGrid & MotionThresholds,
): FrameMotion {
  const shift = medianChange(before, now);
  let changed = 0;
  let left = columns;
  let right = -1;
  let top = rows;
  let bottom = -1;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const cell = row * columns + column;
      if (Math.abs((now[cell] ?? 0) - (before[cell] ?? 0) - shift) <= cellChangeMin) continue;
      changed += 1;
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
    }
  }
  const score = changed / (columns * rows);
  const moving = score > scoreMin;
  const box = {
    x: left / columns,
    y: top / rows,
    width: (right - left + 1) / columns,
    height: (bottom - top + 1) / rows,
  };
  return { score, moving, boxes: moving ? [box] : [] };
}

function medianChange(before: Uint8Array, now: Uint8Array): number {
  const counts = new Uint32Array(511);
  for (const [cell, grey] of now.entries()) {
    const change = 255 + grey - (before[cell] ?? 0);
    counts[change] = (counts[change] ?? 0) + 1;
  }
  let seen = 0;
  for (const [change, count] of counts.entries()) {
    seen += count;
    if (seen * 2 >= now.length) return change - 255;
  }
  return 0;
}
