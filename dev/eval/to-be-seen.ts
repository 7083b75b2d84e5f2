import { contains, footOf, type Point, sideOf } from '../../processor/floor.ts';
import type { PlaceSettings } from '../../processor/presence.ts';
import { coveredShare, evenBox } from '../../processor/whereabouts.ts';
import type { TrueBox } from '../simulate/scene.ts';
import type { Happening } from './placed-scene.ts';

/**
 * What of a drawn scene its pictures show. That somebody went where no picture shows them, from before a line until they
 * were gone, nobody can know who has only the pictures. It follows from what is drawn, and from nothing that was found.
 */

/** Of whom less is in the picture, nobody is expected to find them. */
export const SEEN_SHARE = 0.3;
/** Of whom so much is behind somebody nearer, there is nothing to be found. */
const HIDDEN_SHARE = 0.7;

/** Boxes come as they are painted, what is farther first. */
export function toBeSeen(boxes: readonly TrueBox[]): readonly TrueBox[] {
  return boxes.filter(
    (box, at) => box.visibleShare >= SEEN_SHARE && !boxes.slice(at + 1).some((nearer) => hides(nearer, box)),
  );
}

function hides(nearer: TrueBox, box: TrueBox): boolean {
  return coveredShare(evenBox(box, 1), evenBox(nearer, 1)) >= HIDDEN_SHARE;
}

/** Where somebody is drawn who is to be seen: in the middle of their lower edge, as docs/zones.md has it. */
interface Drawn {
  readonly atMs: number;
  readonly foot: Point;
}

/** Told frame by frame what is drawn, it says which of the things that happened could be known. */
export function createSights({ zones, lines }: PlaceSettings) {
  const sights = new Map<string, Drawn[]>();

  return {
    step(atMs: number, boxes: readonly TrueBox[]): void {
      for (const box of toBeSeen(boxes)) {
        sights.set(box.personId, [...(sights.get(box.personId) ?? []), { atMs, foot: footOf(box) }]);
      }
    },
    known: (all: readonly Happening[]): readonly Happening[] =>
      all.filter((one) => (one.what === 'in' || one.what === 'out' ? isWayShown(one, all) : isStayShown(one, all))),
  };

  /** Drawn in the zone, once at least. */
  function isStayShown({ personId, enteredAtMs }: Happening, all: readonly Happening[]): boolean {
    const left = all.find((one) => one.what === 'left' && one.personId === personId && one.enteredAtMs === enteredAtMs);
    return between(personId, enteredAtMs ?? 0, left?.atMs ?? Number.POSITIVE_INFINITY).some(({ foot }) =>
      zones.some(({ points }) => contains(points, foot)),
    );
  }

  /** Drawn on the one side and then on the other, since the way before and until the next. */
  function isWayShown({ what, personId, atMs }: Happening, all: readonly Happening[]): boolean {
    const ways = all.filter((one) => one.personId === personId && (one.what === 'in' || one.what === 'out'));
    const fromMs = Math.max(0, ...ways.map((way) => way.atMs).filter((otherMs) => otherMs < atMs));
    const untilMs = Math.min(...ways.map((way) => way.atMs).filter((otherMs) => otherMs > atMs));
    const [first, second] = lines[0]?.points ?? [];
    if (!first || !second) return false;
    const beyond = what === 'in' ? 'right' : 'left';
    const sides = between(personId, fromMs, untilMs).map(({ foot }) => sideOf(first, second, foot));
    const before = sides.findIndex((side) => side !== beyond);
    return before >= 0 && sides.slice(before).includes(beyond);
  }

  function between(personId: string, fromMs: number, untilMs: number): readonly Drawn[] {
    return (sights.get(personId) ?? []).filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  }
}
