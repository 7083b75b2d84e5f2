import type { Box } from '../schemas/types.ts';

/** What moves, on a small grey picture: background.ts tells it, motion-episode.ts makes events of it. */
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
