import { assign } from '../../processor/assign.ts';
import type { MotBox } from './mot.ts';

/**
 * SORT (Bewley and others, 2016), to compare with: what a tracker yields that knows frames and boxes, but neither time
 * nor looks. With the numbers of its authors' implementation: constant speed per frame for the middle of a box and its
 * area, a ratio that stays; joined by overlap; told of once it was seen in three frames more, and forgotten after one frame
 * without. Its seven dimensions have no noise in common, so that they are four filters here, which yield the same.
 */
const OVERLAP_MIN = 0.3;
const MISSED_MAX = 1;
const HITS_MIN = 3;

interface Followed {
  readonly id: number;
  state: Moving;
  missed: number;
  hitsInARow: number;
}

/** In pixels, and pixels a frame. */
interface Moving {
  readonly x: Quantity;
  readonly y: Quantity;
  readonly area: Quantity;
  readonly ratio: Quantity;
}

interface Quantity {
  readonly value: number;
  readonly speed: number;
  readonly variance: number;
  readonly covariance: number;
  readonly speedVariance: number;
}

interface Noise {
  readonly ofValue: number;
  readonly ofSpeed: number;
  readonly ofSight: number;
}

const PLACE: Noise = { ofValue: 1, ofSpeed: 0.01, ofSight: 1 };
const AREA: Noise = { ofValue: 1, ofSpeed: 0.0001, ofSight: 10 };
const RATIO: Noise = { ofValue: 1, ofSpeed: 0, ofSight: 10 };
const VALUE_VARIANCE = 10;
const SPEED_VARIANCE = 10_000;

type Sight = Omit<MotBox, 'id'>;

export function createSort(): (sights: readonly Sight[]) => readonly MotBox[] {
  let followed: Followed[] = [];
  let frames = 0;
  let ids = 0;
  return (sights) => {
    frames += 1;
    for (const one of followed) {
      one.state = oneFrameOn(one.state);
      if (one.missed > 0) one.hitsInARow = 0;
      one.missed += 1;
    }
    followed = followed.filter(({ state }) => !Number.isNaN(boxOf(state).width));
    const overlaps = sights.map((sight) => followed.map(({ state }) => overlap(sight, boxOf(state))));
    const pairs = onlyPairs(overlaps) ?? assign(overlaps);
    for (const [at, pair] of pairs.entries()) {
      const sight = sights[at] as Sight;
      const one = pair === null || (overlaps[at]?.[pair] ?? 0) < OVERLAP_MIN ? undefined : followed[pair];
      if (one) {
        one.state = corrected(one.state, sight);
        one.missed = 0;
        one.hitsInARow += 1;
      } else {
        ids += 1;
        followed = [...followed, { id: ids, state: begin(sight), missed: 0, hitsInARow: 0 }];
      }
    }
    const told = followed.filter(
      ({ missed, hitsInARow }) => missed < 1 && (hitsInARow >= HITS_MIN || frames <= HITS_MIN),
    );
    followed = followed.filter(({ missed }) => missed <= MISSED_MAX);
    return told.map(({ id, state }) => ({ id, ...boxOf(state) }));
  };
}

/** As there: where nobody meets two, those who meet belong together, and nothing is weighed. */
function onlyPairs(overlaps: readonly (readonly number[])[]): readonly (number | null)[] | null {
  const meeting = overlaps.map((row) => row.flatMap((share, column) => (share > OVERLAP_MIN ? [column] : [])));
  const columns = meeting.flat();
  if (meeting.some((row) => row.length > 1) || new Set(columns).size < columns.length) return null;
  return columns.length === 0 ? null : meeting.map(([column]) => column ?? null);
}

function measured({ left, top, width, height }: Sight) {
  return { x: left + width / 2, y: top + height / 2, area: width * height, ratio: width / height };
}

function begin(sight: Sight): Moving {
  const { x, y, area, ratio } = measured(sight);
  const start = (value: number): Quantity => ({
    value,
    speed: 0,
    variance: VALUE_VARIANCE,
    covariance: 0,
    speedVariance: SPEED_VARIANCE,
  });
  return { x: start(x), y: start(y), area: start(area), ratio: { ...start(ratio), speedVariance: 0 } };
}

function oneFrameOn({ x, y, area, ratio }: Moving): Moving {
  const shrinksAway = area.value + area.speed <= 0;
  return {
    x: moved(x, PLACE),
    y: moved(y, PLACE),
    area: moved(shrinksAway ? { ...area, speed: 0 } : area, AREA),
    ratio: moved(ratio, RATIO),
  };
}

function moved({ value, speed, variance, covariance, speedVariance }: Quantity, noise: Noise): Quantity {
  return {
    value: value + speed,
    speed,
    variance: variance + 2 * covariance + speedVariance + noise.ofValue,
    covariance: covariance + speedVariance,
    speedVariance: speedVariance + noise.ofSpeed,
  };
}

function corrected(state: Moving, sight: Sight): Moving {
  const { x, y, area, ratio } = measured(sight);
  return {
    x: drawn(state.x, x, PLACE),
    y: drawn(state.y, y, PLACE),
    area: drawn(state.area, area, AREA),
    ratio: drawn(state.ratio, ratio, RATIO),
  };
}

function drawn({ value, speed, variance, covariance, speedVariance }: Quantity, to: number, noise: Noise): Quantity {
  const gain = variance / (variance + noise.ofSight);
  const speedGain = covariance / (variance + noise.ofSight);
  return {
    value: value + gain * (to - value),
    speed: speed + speedGain * (to - value),
    variance: (1 - gain) * variance,
    covariance: (1 - gain) * covariance,
    speedVariance: speedVariance - speedGain * covariance,
  };
}

function boxOf({ x, y, area, ratio }: Moving): Sight {
  const width = Math.sqrt(area.value * ratio.value);
  const height = area.value / width;
  return { left: x.value - width / 2, top: y.value - height / 2, width, height };
}

function overlap(a: Sight, b: Sight): number {
  const across = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const down = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (across <= 0 || down <= 0) return 0;
  const shared = across * down;
  return shared / (a.width * a.height + b.width * b.height - shared);
}
