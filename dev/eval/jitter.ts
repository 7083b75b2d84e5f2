import type { Detection } from '../../ports/detector/detector.ts';
import type { Random } from '../simulate/random.ts';
import type { TrueBox } from '../simulate/scene.ts';
import { toBeSeen } from './to-be-seen.ts';

export interface Jitter {
  /** Of the height of somebody's box, how far each of its edges is off: two thirds of them by less than this. */
  readonly edges: number;
  /** So many people are not found, and of as many it is not sure. */
  readonly missed: number;
}

/** As a detector would find them. */
export function jittered(boxes: readonly TrueBox[], random: Random, { edges, missed }: Jitter): readonly Detection[] {
  const noise = () => 2 * (random.next() + random.next() + random.next() - 1.5);
  return toBeSeen(boxes).flatMap(({ x, y, width, height }) => {
    const off = () => edges * height * noise();
    const [left, top, right, bottom] = [x + off(), y + off(), x + width + off(), y + height + off()];
    const person = {
      className: 'person',
      box: { x: left, y: top, width: Math.max(0.01, right - left), height: Math.max(0.01, bottom - top) },
      confidence: random.chance(missed) ? random.between(0.4, 0.5) : random.between(0.5, 0.95),
    };
    return random.chance(missed) ? [] : [person];
  });
}
