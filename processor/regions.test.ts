import { expect, test } from 'vitest';
import { findRegions } from './regions.ts';

/** A drawing of marked cells, and the boxes as rows of `left,top width×height`, in cells. */
test.each([
  ['nothing', ['....', '....'], 0, []],
  ['two cells are noise', ['##..', '....'], 0, []],
  ['three are not, also by their corners', ['#...', '.#..', '#...'], 3, ['0,0 2×3']],
  ['two apart', ['###...###', '###...###'], 12, ['0,0 3×2', '6,0 3×2']],
  ['two with one cell between them are one', ['###.###..', '###.###..'], 12, ['0,0 7×2']],
  ['one inside the bend of another', ['#######', '#.....#', '#.###.#', '#.....#', '#######'], 23, ['0,0 7×5']],
  ['the largest first', ['##....####', '#.....####'], 11, ['6,0 4×2', '0,0 2×2']],
])('%s', (_, drawing, cells, boxes) => {
  const grid = { columns: drawing[0]?.length ?? 0, rows: drawing.length };
  const marked = Uint8Array.from([...drawing.join('')], (cell) => (cell === '#' ? 1 : 0));
  const before = Uint8Array.from(marked);
  const found = findRegions(marked, grid);
  expect(found.cells).toBe(cells);
  const told = found.boxes.map(
    ({ x, y, width, height }) =>
      `${x * grid.columns},${y * grid.rows} ${Math.round(width * grid.columns)}×${Math.round(height * grid.rows)}`,
  );
  expect(told).toEqual(boxes);
  expect(marked).toEqual(before);
});

test('of very many, the last box has all that is left', () => {
  const line = Array.from({ length: 12 }, (_, at) => '#'.repeat(15 - at).padEnd(20, '.')).flatMap((row) => [
    row,
    '.'.repeat(20),
    '.'.repeat(20),
  ]);
  const grid = { columns: 20, rows: line.length };
  const { cells, boxes } = findRegions(
    Uint8Array.from([...line.join('')], (cell) => (cell === '#' ? 1 : 0)),
    grid,
  );
  expect(boxes).toHaveLength(8);
  expect(cells).toBe(15 + 14 + 13 + 12 + 11 + 10 + 9 + 8 + 7 + 6 + 5 + 4);
  const { y = 0, height = 0 } = boxes.at(-1) ?? {};
  expect([y * grid.rows, (y + height) * grid.rows].map(Math.round)).toEqual([21, 34]);
});
