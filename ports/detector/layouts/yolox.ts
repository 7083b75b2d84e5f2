import { type Grid, gridOf } from './grid.ts';
import { type Candidate, corners, type Layout, type Output, plain, surest, type Wanted } from './layout.ts';

/**
 * One row a cell: centre x, centre y, width, height, how sure that anything is there, how sure of each class. A row of
 * five is sure of its only class. Boxes are pixels, or to be decoded: the centre in cells from the cell's own corner,
 * the sides as logarithms of cells.
 */
export const yolox: Layout = {
  name: 'yolox',

  open({ outputs: [output, ...others], input }, given) {
    if (!output || others.length > 0 || output.dims.length !== 3 || output.dims[0] !== 1) return null;
    const [, cells = 0, columns = 0] = output.dims;
    const grid = gridOf(cells, input);
    if (!grid || columns < 5 || grid.levels.length !== 3 || !isSureness(output, columns)) return null;
    const decoded = given.decoded ?? liesAcross(output, input.width);
    const classCount = Math.max(1, columns - 5);
    return {
      because: `${cells} rows are the cells at strides 8, 16 and 32; boxes are ${decoded ? 'decoded' : 'not decoded'}`,
      classCount,
      input: plain,
      read: ([rows], wanted) => (rows ? read(rows, { grid, decoded, columns }, wanted) : []),
    };
  },
};

/** NanoDet's rows of three levels look the same; but where these say how sure it is, those have logarithms. */
function isSureness({ data }: Output, columns: number): boolean {
  return Array.from(data).every((value, at) => at % columns < 4 || (value >= 0 && value <= 1));
}

/** Decoded centres are as far to the right as their cells, half the width on average; others stay near 0. */
function liesAcross({ data, dims: [, cells = 0, columns = 0] }: Output, width: number): boolean {
  let sum = 0;
  for (let cell = 0; cell < cells; cell += 1) sum += data[cell * columns] as number;
  return sum / cells > width / 4;
}

function read(
  { data }: Output,
  { grid, decoded, columns }: { readonly grid: Grid; readonly decoded: boolean; readonly columns: number },
  wanted: readonly Wanted[],
): Candidate[] {
  const found: Candidate[] = [];
  const least = Math.min(...wanted.map(({ confidenceMin }) => confidenceMin));
  for (const { stride, columns: across, rows, from } of grid.levels) {
    for (let cell = 0; cell < across * rows; cell += 1) {
      const at = (from + cell) * columns;
      const objectness = data[at + 4] as number;
      // No class is surer; and so it is with nearly all of the cells.
      if (!(objectness >= least)) continue;
      const best = surest(wanted, (index) =>
        columns === 5 ? objectness : objectness * (data[at + 5 + index] as number),
      );
      if (!best) continue;
      const [x, y, width, height] = [0, 1, 2, 3].map((column) => data[at + column] as number) as Box;
      const box: Box = decoded
        ? [x, y, width, height]
        : [
            (x + (cell % across)) * stride,
            (y + Math.floor(cell / across)) * stride,
            Math.exp(width) * stride,
            Math.exp(height) * stride,
          ];
      found.push({ ...corners(box), ...best });
    }
  }
  return found;
}

type Box = [x: number, y: number, width: number, height: number];
