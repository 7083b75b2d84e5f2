import type { Size } from '../picture.ts';
import { type Grid, gridOf, type Level } from './grid.ts';
import { type Candidate, imageNet, type Layout, type Output, reversed, surest, type Wanted } from './layout.ts';

/**
 * PicoDet and NanoDet: for each cell how sure of each class, and for each side of the box how likely it is at which
 * distance, counted in cells. PicoDet puts out one map of each kind for each level, NanoDet one row with both for each
 * cell of all levels.
 */
export const distributions: Layout = {
  name: 'distributions',

  open({ outputs, input }, given) {
    const merged = outputs.length === 1;
    const maps = merged ? splitRows(outputs[0] as Output, input) : pairMaps(outputs, input);
    const [first] = maps ?? [];
    if (!maps || !first) return null;
    // NanoDet-Plus, which has four levels, measures from the cell's corner; the others do from its centre.
    const cellCentre = given.cellCentre ?? (merged && maps.length === 4 ? 0 : 0.5);
    return {
      because: `${maps.length} levels of ${first.classCount} classes and of distances in ${first.bins} steps`,
      classCount: first.classCount,
      input: { ...imageNet, placement: 'stretched', ...(merged && { colour: 'bgr', ...reversed(imageNet) }) },
      read: (now, wanted) => maps.flatMap((map) => readLevel(now, map, cellCentre, wanted)),
    };
  },
};

/** Where the numbers of a level lie. */
interface LevelMap {
  readonly level: Level;
  readonly classCount: number;
  readonly bins: number;
  readonly scores: Place;
  readonly distances: Place;
}

interface Place {
  readonly output: number;
  /** The first number of the level's first cell, and how many numbers further that of the next cell is. */
  readonly from: number;
  readonly step: number;
}

/** Distances of 0 to 7 cells. Fewer would not do, and nobody has published more. */
const BINS_MERGED = 8;

function splitRows({ dims: [batch, cells = 0, step = 0] }: Output, input: Size): LevelMap[] | null {
  const classCount = step - 4 * BINS_MERGED;
  const grid = gridOf(cells, input);
  if (batch !== 1 || !grid || classCount < 1) return null;
  return grid.levels.map((level) => ({
    level,
    classCount,
    bins: BINS_MERGED,
    scores: { output: 0, from: level.from * step, step },
    distances: { output: 0, from: level.from * step + classCount, step },
  }));
}

function pairMaps(outputs: readonly Output[], input: Size): LevelMap[] | null {
  if (outputs.length % 2 > 0 || outputs.some(({ dims }) => dims.length !== 3 || dims[0] !== 1)) return null;
  const half = outputs.length / 2;
  const cells = outputs.map(({ dims }) => dims[1] as number);
  const grid: Grid | null = gridOf(
    cells.slice(0, half).reduce((sum, count) => sum + count, 0),
    input,
  );
  if (grid?.levels.length !== half) return null;
  const maps = grid.levels.map((level, at): LevelMap | null => {
    const [scores, distances] = [outputs[at] as Output, outputs[half + at] as Output];
    const [classCount = 0, sides = 0] = [scores.dims[2], distances.dims[2]];
    const count = level.columns * level.rows;
    if (scores.dims[1] !== count || distances.dims[1] !== count || sides % 4 > 0) return null;
    return {
      level,
      classCount,
      bins: sides / 4,
      scores: { output: at, from: 0, step: classCount },
      distances: { output: half + at, from: 0, step: sides },
    };
  });
  return maps.every((map) => map !== null) ? maps : null;
}

function readLevel(
  outputs: readonly Output[],
  { level, bins, scores, distances }: LevelMap,
  cellCentre: number,
  wanted: readonly Wanted[],
): Candidate[] {
  const { data: score } = outputs[scores.output] as Output;
  const { data: distance } = outputs[distances.output] as Output;
  const { stride, columns, rows } = level;
  const found: Candidate[] = [];
  for (let cell = 0; cell < columns * rows; cell += 1) {
    const best = surest(wanted, (index) => score[scores.from + cell * scores.step + index] as number);
    if (!best) continue;
    const side = (at: number) => expected(distance, distances.from + cell * distances.step + at * bins, bins) * stride;
    const x = ((cell % columns) + cellCentre) * stride;
    const y = (Math.floor(cell / columns) + cellCentre) * stride;
    found.push({ left: x - side(0), top: y - side(1), right: x + side(2), bottom: y + side(3), ...best });
  }
  return found;
}

/** The mean distance, each step weighted by how likely it is: a softmax of `bins` numbers. */
function expected(data: ArrayLike<number>, from: number, bins: number): number {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let bin = 0; bin < bins; bin += 1) greatest = Math.max(greatest, data[from + bin] as number);
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const weight = Math.exp((data[from + bin] as number) - greatest);
    sum += weight;
    weighted += bin * weight;
  }
  return weighted / sum;
}
