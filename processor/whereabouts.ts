import type { Box } from '../schemas/types.ts';

/**
 * Where somebody is, how they move, and how sure that is: a Kalman filter in real time, the same for five frames a
 * second and for one in half a minute. Pure.
 *
 * People do not walk straight on for long, so their speed is not taken to last: it fades within seconds and new speed
 * comes as chance (an Ornstein-Uhlenbeck process, which can be solved for any span). After a fifth of a second that is
 * constant velocity; after half a minute all that is left is how far somebody may have got. Both directions have the
 * same noise, and so one covariance serves both. Sizes follow what is seen.
 *
 * Lengths are in heights of the picture, speeds in these a second. Numbers are kept as 32-bit floats, so that the state
 * is the same after it was stored.
 */
export interface Whereabouts {
  /** The middle of the box. */
  readonly x: number;
  readonly y: number;
  readonly speedX: number;
  readonly speedY: number;
  readonly width: number;
  readonly height: number;
  readonly variance: number;
  readonly covariance: number;
  readonly speedVariance: number;
}

/** A box whose sides are in one unit, heights of the picture. */
export type EvenBox = Pick<Whereabouts, 'x' | 'y' | 'width' | 'height'>;

/** In heights of the person: somebody walks 0.8 of them in a second, in whichever direction. */
const SPEED = 0.5;
/** For so long somebody goes on as they went. */
const FADING_S = 1.5;
/** How far off a box usually is. */
const BOX_NOISE = 0.05;
/** How far a box is grown on each side, in standard deviations of where it is. */
const REACH = 1;
/** So near to an edge, the picture ends before the person does. */
const EDGE = 0.02;
/** Nobody is smaller, and nothing is divided by 0. */
const SIDE_MIN = 0.001;

export function evenBox({ x, y, width, height }: Box, aspect: number): EvenBox {
  return {
    x: (x + width / 2) * aspect,
    y: y + height / 2,
    width: Math.max(SIDE_MIN, width * aspect),
    height: Math.max(SIDE_MIN, height),
  };
}

export function firstSeen(box: EvenBox): Whereabouts {
  return rounded({
    ...box,
    speedX: 0,
    speedY: 0,
    variance: (BOX_NOISE * box.height) ** 2,
    covariance: 0,
    speedVariance: (SPEED * box.height) ** 2,
  });
}

export function later(was: Whereabouts, ms: number): Whereabouts {
  if (ms <= 0) return was;
  const { x, y, speedX, speedY, height, variance, covariance, speedVariance } = was;
  const spans = ms / 1_000 / FADING_S;
  const kept = Math.exp(-spans);
  const reach = FADING_S * (1 - kept);
  const chance = (SPEED * height) ** 2;
  const wandering = chance * FADING_S ** 2 * Math.max(0, 2 * spans - 3 + 4 * kept - kept ** 2);
  return rounded({
    ...was,
    x: x + speedX * reach,
    y: y + speedY * reach,
    speedX: speedX * kept,
    speedY: speedY * kept,
    variance: variance + 2 * reach * covariance + reach ** 2 * speedVariance + wandering,
    covariance: kept * (covariance + reach * speedVariance) + chance * FADING_S * (1 - kept) ** 2,
    speedVariance: kept ** 2 * speedVariance + chance * (1 - kept ** 2),
  });
}

export function seenAt(was: Whereabouts, box: EvenBox): Whereabouts {
  const { x, y, speedX, speedY, width, height, variance, covariance, speedVariance } = was;
  const sum = variance + (BOX_NOISE * box.height) ** 2;
  const [gain, speedGain] = [variance / sum, covariance / sum];
  const [offX, offY] = [box.x - x, box.y - y];
  return rounded({
    x: x + gain * offX,
    y: y + gain * offY,
    speedX: speedX + speedGain * offX,
    speedY: speedY + speedGain * offY,
    width: width + gain * (box.width - width),
    height: height + gain * (box.height - height),
    variance: (1 - gain) * variance,
    covariance: (1 - gain) * covariance,
    speedVariance: Math.max(0, speedVariance - speedGain * covariance),
  });
}

/** How little the place says of who it is: from 0, where they must be, to 1, where they may be anywhere. */
export function doubtOf({ variance, height }: Whereabouts): number {
  return 1 - Math.exp(-Math.sqrt(variance) / height);
}

/** Intersection over union, both boxes grown as far as it is not sure where the first one is. */
export function meeting(where: Whereabouts, box: EvenBox): number {
  const grown = 2 * REACH * Math.sqrt(where.variance);
  return overlapOf(grow(where, grown), grow(box, grown));
}

/** Only a part of them is in the picture, so that neither their size nor their looks say much. */
export function isCut({ y, height }: EvenBox): boolean {
  return y - height / 2 < EDGE || y + height / 2 > 1 - EDGE;
}

/** At its left or right, which leaves their height as it is: only their looks are those of a part. */
export function isCutAside({ x, width }: EvenBox, aspect: number): boolean {
  return x - width / 2 < EDGE || x + width / 2 > aspect - EDGE;
}

/** Which share of a box another one covers. */
export function coveredShare(box: EvenBox, by: EvenBox): number {
  return sharedArea(box, by) / (box.width * box.height);
}

function overlapOf(a: EvenBox, b: EvenBox): number {
  const shared = sharedArea(a, b);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

function sharedArea(a: EvenBox, b: EvenBox): number {
  const across = sharedLength(a.x, a.width, b.x, b.width);
  return across * sharedLength(a.y, a.height, b.y, b.height);
}

function sharedLength(a: number, lengthA: number, b: number, lengthB: number): number {
  const end = Math.min(a + lengthA / 2, b + lengthB / 2);
  return Math.max(0, end - Math.max(a - lengthA / 2, b - lengthB / 2));
}

function grow(box: EvenBox, by: number): EvenBox {
  return { x: box.x, y: box.y, width: box.width + by, height: box.height + by };
}

function rounded(where: Whereabouts): Whereabouts {
  const { fround } = Math;
  return {
    x: fround(where.x),
    y: fround(where.y),
    speedX: fround(where.speedX),
    speedY: fround(where.speedY),
    width: fround(where.width),
    height: fround(where.height),
    variance: fround(where.variance),
    covariance: fround(where.covariance),
    speedVariance: fround(where.speedVariance),
  };
}
