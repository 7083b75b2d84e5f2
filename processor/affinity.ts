import { similarity } from './appearance.ts';
import { doubtOf, type EvenBox, isCut, meeting, type Whereabouts } from './whereabouts.ts';

/**
 * How well a sighting fits somebody who is followed, 0 to 1, where 0 says that it cannot be them. Pure.
 *
 * The place tells who it is as long as little time has passed. The more doubt there is about the place, the further
 * boxes reach, so that the place says less, and the more alike both have to look: after half a minute only the looks
 * are left. So one rule serves five frames a second and one in 30 s.
 *
 * Of whom somebody covers, the picture shows the other's clothes: they need not look alike, if they are where they were.
 */
export interface Expected {
  readonly where: Whereabouts;
  readonly appearance: Uint8Array | null;
}

export interface Seen {
  readonly box: EvenBox;
  readonly appearance: Uint8Array | null;
  /** Somebody nearer to the camera stands before them. */
  readonly covered: boolean;
}

export interface AffinityBounds {
  /** How far the boxes have to meet. */
  readonly placeMin: number;
  /** How much alike they have to look where the place says nothing. */
  readonly likenessMin: number;
}

/** Strangers are often that much alike; who is less so is somebody else, wherever they are. */
const LIKENESS_LEAST = 0.7;
/** From this doubt on the place says nothing. */
const DOUBT_FULL = 0.5;
/** Nobody grows or shrinks by more from frame to frame; half as much has to be left when they may be anywhere. */
const SIZE_LEAST = 0.75;
/** But whoever comes in from above or below does, as more of them is to be seen; and looks another, too. */
const SIZE_LEAST_CUT = 0.5;
/** Where place and looks both fit badly, it is likelier to be somebody new. */
const FIT_LEAST = 0.2;
const FIT_LEAST_CUT = 0.1;
/** Of looks that are not known: how far boxes have to overlap as they are when somebody may be anywhere. */
const OVERLAP_BLIND = 0.3;
/** And for how much that counts, beside those who also look alike. */
const FIT_BLIND = 0.5;

export function affinity(expected: Expected, seen: Seen, { placeMin, likenessMin }: AffinityBounds): number {
  const place = meeting(expected.where, seen.box);
  if (place < placeMin) return 0;
  const doubt = doubtOf(expected.where);
  const [before, now] = [expected.where.height, seen.box.height];
  const cut = isCut(expected.where) || isCut(seen.box);
  const sizeLeast = cut ? SIZE_LEAST_CUT : SIZE_LEAST;
  if (Math.min(before / now, now / before) < sizeLeast * (1 - doubt / 2)) return 0;
  const blind = () => {
    const still = meeting({ ...expected.where, variance: 0 }, seen.box);
    return still < doubt * OVERLAP_BLIND ? 0 : still * FIT_BLIND;
  };
  if (expected.appearance === null || seen.appearance === null) return blind();
  const likeness = similarity(expected.appearance, seen.appearance);
  const more = seen.covered ? 0 : Math.min(1, doubt / DOUBT_FULL);
  const needed = LIKENESS_LEAST + more * (likenessMin - LIKENESS_LEAST);
  const fit = (place * (likeness - LIKENESS_LEAST)) / (1 - LIKENESS_LEAST);
  const sure = likeness < needed || fit < (cut ? FIT_LEAST_CUT : FIT_LEAST) ? 0 : fit;
  return seen.covered ? Math.max(sure, blind()) : sure;
}
