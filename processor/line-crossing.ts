import type { DeviceSettings } from '../schemas/device-settings.ts';
import { crossing, type Point, type Side } from './floor.ts';

/**
 * One person's way over the lines. Whoever comes back within `uTurnMs` has turned around, or was only found a little
 * beside where they are: neither way is spoken of. So a crossing counts once they have not come back for that long, or
 * are not seen any more. Pure, in event time.
 */
export interface Crossing {
  readonly lineId: string;
  readonly to: Side;
  readonly atMs: number;
}

export type DrawnLine = DeviceSettings['lines'][number];

export function stepCrossings(
  before: readonly Crossing[],
  lines: readonly DrawnLine[],
  { from, to, atMs }: { readonly from: Point; readonly to: Point; readonly atMs: number },
  uTurnMs: number,
): { readonly waiting: readonly Crossing[]; readonly settled: readonly Crossing[] } {
  const isDue = (one: Crossing) => atMs - one.atMs >= uTurnMs;
  let waiting = before.filter((one) => !isDue(one));
  const settled = before.filter(isDue);
  for (const { id: lineId, points } of lines) {
    const [first, second] = points;
    const side = first && second && crossing([first, second], from, to);
    if (!side) continue;
    const back = waiting.find((one) => one.lineId === lineId);
    waiting = back ? waiting.filter((one) => one !== back) : [...waiting, { lineId, to: side, atMs }];
  }
  return uTurnMs === 0 ? { waiting: [], settled: [...settled, ...waiting] } : { waiting, settled };
}
