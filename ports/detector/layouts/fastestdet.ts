import { type Candidate, type Layout, type Output, surest, type Wanted, zeroToOne } from './layout.ts';

const STRIDE = 16;

/**
 * FastestDet: one map at a sixteenth of the input, its channels being how sure that anything is there, the box, and
 * each class. The box's centre is given from its cell, through a hyperbolic tangent, its sides as shares of the input,
 * through a sigmoid.
 */
export const fastestdet: Layout = {
  name: 'fastestdet',

  open({ outputs: [output, ...others], input }) {
    if (!output || others.length > 0 || output.dims.length !== 4 || output.dims[0] !== 1) return null;
    const [, channels = 0, rows = 0, columns = 0] = output.dims;
    if (channels < 6 || rows * STRIDE !== input.height || columns * STRIDE !== input.width) return null;
    return {
      because: `one map of ${columns} by ${rows} cells, of a box and ${channels - 5} classes each`,
      classCount: channels - 5,
      input: { ...zeroToOne, colour: 'bgr', placement: 'stretched' },
      read: ([map], wanted) => (map ? read(map, { columns, rows }, wanted) : []),
    };
  },
};

function read({ data }: Output, size: { readonly columns: number; readonly rows: number }, wanted: readonly Wanted[]) {
  const found: Candidate[] = [];
  const cells = size.columns * size.rows;
  for (let cell = 0; cell < cells; cell += 1) {
    const value = (channel: number) => data[channel * cells + cell] as number;
    const best = surest(wanted, (index) => value(0) ** 0.6 * value(5 + index) ** 0.4);
    if (!best) continue;
    const x = ((cell % size.columns) + Math.tanh(value(1))) * STRIDE;
    const y = (Math.floor(cell / size.columns) + Math.tanh(value(2))) * STRIDE;
    const halfWidth = (sigmoid(value(3)) * size.columns * STRIDE) / 2;
    const halfHeight = (sigmoid(value(4)) * size.rows * STRIDE) / 2;
    found.push({ left: x - halfWidth, top: y - halfHeight, right: x + halfWidth, bottom: y + halfHeight, ...best });
  }
  return found;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
