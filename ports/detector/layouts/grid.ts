import type { Size } from '../picture.ts';

/** Cells of a level, row by row; levels one after the other, finest first. */
export interface Grid {
  readonly cells: number;
  readonly levels: readonly Level[];
}

export interface Level {
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
  /** The place of its first cell among those of all levels. */
  readonly from: number;
}

function createGrid({ width, height }: Size, strides: readonly number[]): Grid {
  let cells = 0;
  const levels = strides.map((stride) => {
    const level = { stride, columns: Math.ceil(width / stride), rows: Math.ceil(height / stride), from: cells };
    cells += level.columns * level.rows;
    return level;
  });
  return { cells, levels };
}

const USUAL = [
  [8, 16, 32],
  [8, 16, 32, 64],
] as const;

/** The usual grid that has as many cells, if one has. */
export function gridOf(cells: number, size: Size): Grid | null {
  return USUAL.map((strides) => createGrid(size, strides)).find((grid) => grid.cells === cells) ?? null;
}
