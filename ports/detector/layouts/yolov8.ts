import { gridOf } from './grid.ts';
import { type Candidate, corners, type Layout, type Output, surest, type Wanted, zeroToOne } from './layout.ts';

/** YOLOv8, YOLO11 and their like: one column a cell, of centre x, centre y, width, height in pixels, and each class. */
export const yolov8: Layout = {
  name: 'yolov8',

  open({ outputs: [output, ...others], input }) {
    if (!output || others.length > 0 || output.dims.length !== 3 || output.dims[0] !== 1) return null;
    const [, rows = 0, cells = 0] = output.dims;
    if (rows < 5 || !gridOf(cells, input)) return null;
    return {
      because: `${cells} columns are the cells of a grid; ${rows} rows are a box and ${rows - 4} classes`,
      classCount: rows - 4,
      input: zeroToOne,
      read: ([columns], wanted) => (columns ? read(columns, cells, wanted) : []),
    };
  },
};

function read({ data }: Output, cells: number, wanted: readonly Wanted[]): Candidate[] {
  const found: Candidate[] = [];
  for (let cell = 0; cell < cells; cell += 1) {
    const value = (row: number) => data[row * cells + cell] as number;
    const best = surest(wanted, (index) => value(4 + index));
    if (best) found.push({ ...corners([value(0), value(1), value(2), value(3)]), ...best });
  }
  return found;
}
