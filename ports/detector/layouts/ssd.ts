import { type Candidate, type Layout, type Output, plain, surest, type Wanted } from './layout.ts';

/** SSD and its like: one tensor of decoded boxes by their corners, one of how sure of each class; not yet suppressed. */
export const ssd: Layout = {
  name: 'ssd',

  open({ outputs, input }, given) {
    if (outputs.length !== 2 || outputs.some(({ dims }) => dims.length !== 3 || dims[0] !== 1)) return null;
    const boxes = findBoxes(outputs);
    const [box, score] = [outputs[boxes], outputs[1 - boxes]];
    if (!box || !score || score.dims[1] !== box.dims[1]) return null;
    const columns = score.dims[2] as number;
    const background = given.background ?? columns > 1;
    const normalised = given.normalised ?? liesWithinOne(box);
    const [scaleX, scaleY] = normalised ? [input.width, input.height] : [1, 1];
    return {
      because: `${box.dims[1]} boxes in ${normalised ? 'shares' : 'pixels'} of the input, and ${columns} classes${background ? ', the first for nothing' : ''}`,
      classCount: columns - (background ? 1 : 0),
      input: { ...plain, placement: 'stretched' },
      read(now, wanted) {
        const settings = { columns, first: background ? 1 : 0, scaleX, scaleY };
        return read(now[boxes] as Output, now[1 - boxes] as Output, settings, wanted);
      },
    };
  },
};

/** Four columns; where classes have four as well, by their names, and else not at all. */
function findBoxes(outputs: readonly Output[]): number {
  const four = [...outputs.keys()].filter((at) => outputs[at]?.dims[2] === 4);
  const named = four.filter((at) => /box|loc/i.test(outputs[at]?.name ?? ''));
  const [found = -1, ...others] = four.length === 1 ? four : named;
  return others.length > 0 ? -1 : found;
}

/** Anchors cover the input also where nothing is seen, so that pixels are told from shares by any picture. */
function liesWithinOne({ data }: Output): boolean {
  return Array.from(data).every((value) => Math.abs(value) < 4);
}

function read(
  { data: box }: Output,
  { data: score, dims }: Output,
  { columns, first, scaleX, scaleY }: { columns: number; first: number; scaleX: number; scaleY: number },
  wanted: readonly Wanted[],
): Candidate[] {
  const found: Candidate[] = [];
  for (let row = 0; row < (dims[1] as number); row += 1) {
    const best = surest(wanted, (index) => score[row * columns + first + index] as number);
    if (!best) continue;
    const value = (column: number) => box[row * 4 + column] as number;
    found.push({
      left: value(0) * scaleX,
      top: value(1) * scaleY,
      right: value(2) * scaleX,
      bottom: value(3) * scaleY,
      ...best,
    });
  }
  return found;
}
