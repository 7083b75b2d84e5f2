import type { Detection } from '../../ports/detector/detector.ts';
import type { Random } from '../simulate/random.ts';
import type { TrueBox } from '../simulate/scene.ts';
import { SEEN_SHARE } from './placed-scene.ts';

/** Of the height of somebody's box, how far each of its edges is off: two thirds of them by less than this. */
const JITTER = 0.025;
/** So many of people are not found. */
const MISSED_SHARE = 0.08;

/** As a detector would find them that is not very good: boxes are off, people are missed, and it is more or less sure. */
export function jittered(boxes: readonly TrueBox[], random: Random): readonly Detection[] {
  const noise = () => 2 * (random.next() + random.next() + random.next() - 1.5);
  return boxes
    .filter(({ visibleShare }) => visibleShare >= SEEN_SHARE)
    .flatMap(({ x, y, width, height }) => {
      const off = () => JITTER * height * noise();
      const [left, top, right, bottom] = [x + off(), y + off(), x + width + off(), y + height + off()];
      const person = {
        className: 'person',
        box: { x: left, y: top, width: Math.max(0.01, right - left), height: Math.max(0.01, bottom - top) },
        confidence: random.between(0.4, 0.95),
      };
      return random.chance(MISSED_SHARE) ? [] : [person];
    });
}
