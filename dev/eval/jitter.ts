import type { Detection } from '../../ports/detector/detector.ts';
import type { Random } from '../simulate/random.ts';
import type { TrueBox } from '../simulate/scene.ts';
import { SEEN_SHARE } from './placed-scene.ts';

/** Of the height of somebody's box, how far each of its edges is off: two thirds of them by less than this. */
const JITTER = 0.025;
/** As a detector would find them: boxes are off, so many people are missed, and of as many it is not sure. */
export function jittered(
  boxes: readonly TrueBox[],
  { random, missedShare }: { readonly random: Random; readonly missedShare: number },
): readonly Detection[] {
  const noise = () => 2 * (random.next() + random.next() + random.next() - 1.5);
  return boxes
    .filter(({ visibleShare }) => visibleShare >= SEEN_SHARE)
    .flatMap(({ x, y, width, height }) => {
      const off = () => JITTER * height * noise();
      const [left, top, right, bottom] = [x + off(), y + off(), x + width + off(), y + height + off()];
      const person = {
        className: 'person',
        box: { x: left, y: top, width: Math.max(0.01, right - left), height: Math.max(0.01, bottom - top) },
        confidence: random.chance(missedShare) ? random.between(0.4, 0.5) : random.between(0.5, 0.95),
      };
      return random.chance(missedShare) ? [] : [person];
    });
}
