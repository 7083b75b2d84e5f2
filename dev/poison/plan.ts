import { partitionFor } from '../../ports/log/partition-for.ts';
import type { Lane } from '../../schemas/types.ts';
import { createRandom } from '../simulate/random.ts';
import { type PictureDamage, pictureDamages } from './damage-pictures.ts';
import { type RecordDamage, recordDamages } from './damage-records.ts';

/**
 * What a run consists of, by its seed alone: cameras that look into an empty room, through which somebody walks now and
 * then, and which of their frames come to nothing. So the two runs that are compared have the very same frames.
 *
 * While somebody is there, and shortly before and after, no frame is spoilt: one that is looked at when time has gone on
 * takes part in no visit and no motion any more (docs/dead-letters.md), and there the events would rightly differ.
 */
export interface Plan {
  readonly deviceIds: readonly string[];
  readonly records: number;
  /** In the order in which they are appended: of each lane one of each device in turn. */
  frames(): Iterable<PlannedFrame>;
}

export interface PlannedFrame {
  readonly deviceId: string;
  readonly lane: Lane;
  readonly seq: number;
  readonly capturedAtMs: number;
  /** Which picture of the walk it shows; null for the empty room. */
  readonly step: number | null;
  /** What is wrong with it in the run that is spoilt. */
  readonly damage: Damage | null;
}

export type Damage =
  | { readonly of: 'record'; readonly damage: RecordDamage }
  | { readonly of: 'picture'; readonly damage: PictureDamage };

export interface PlanOptions {
  readonly seed: number;
  readonly records: number;
  /** Which share of them is spoilt, half of these in their record and half in their picture. */
  readonly corrupt: number;
  /** How many pictures somebody takes to walk by. */
  readonly walkFrames: number;
}

/** A log of 4 partitions has three of them in each, and one of 6 has two. */
const DEVICES = 12;
/** Frames that come late, from the day before: the lane of the backlog. */
const LATE_SHARE = 0.2;
const LATE_BY_MS = 24 * 3_600_000;
const BASE_MS = Date.UTC(2026, 0, 5, 22, 0, 0);
const FRAME_EVERY_MS = 200;
/** Somebody walks by so often: whoever comes back after that is somebody new. */
const CYCLE_FRAMES = 20_000;
const WALK_FROM = 60;
/** Around a walk: until motion, track and visit are over and nobody is looked for any more, and as long before it. */
const CALM_BEFORE = 20;
const CALM_AFTER = 80;
/** At either end of a lane: the background is learnt, and nothing is held that only a tick would release. */
const CALM_AT_ENDS = 20;

export function createPlan({ seed, records, corrupt, walkFrames }: PlanOptions): Plan {
  const deviceIds = nameDevices();
  const devices = deviceIds.map((deviceId, index) => {
    const all = Math.floor(records / deviceIds.length) + (index < records % deviceIds.length ? 1 : 0);
    const late = Math.floor(all * LATE_SHARE);
    return { deviceId, index, frameCounts: { live: all - late, backlog: late } };
  });
  type Device = (typeof devices)[number];

  function frameAt({ deviceId, index, frameCounts }: Device, lane: Lane, at: number, chance: number): PlannedFrame {
    const frameCount = frameCounts[lane];
    const random = createRandom(seed, deviceId, lane, at);
    const isSpoilt = isCalm(at, { frameCount, walkFrames }) && random.chance(chance);
    return {
      deviceId,
      lane,
      seq: lane === 'live' ? at : frameCounts.live + at,
      capturedAtMs: BASE_MS - (lane === 'live' ? 0 : LATE_BY_MS) + at * FRAME_EVERY_MS + index,
      step: stepAt(at, { frameCount, walkFrames }),
      damage: isSpoilt ? chooseDamage(random) : null,
    };
  }

  return {
    deviceIds,
    records,
    *frames() {
      for (const lane of ['live', 'backlog'] as const) {
        const chances = devices.map(({ frameCounts }) => {
          const frameCount = frameCounts[lane];
          let calm = 0;
          for (let at = 0; at < frameCount; at += 1) calm += Number(isCalm(at, { frameCount, walkFrames }));
          // Those that are left take the share of the others too.
          return calm === 0 ? 0 : Math.min(1, (corrupt * frameCount) / calm);
        });
        const most = Math.max(...devices.map(({ frameCounts }) => frameCounts[lane]));
        for (let at = 0; at < most; at += 1) {
          for (const [index, device] of devices.entries()) {
            if (at < device.frameCounts[lane]) yield frameAt(device, lane, at, chances[index] ?? 0);
          }
        }
      }
    },
  };
}

/** Each would have a partition of its own, were there so many: so those of fewer have as many each. */
function nameDevices(): readonly string[] {
  const names = new Map<number, string>();
  for (let number = 1; names.size < DEVICES; number += 1) {
    const partition = partitionFor(`poison-${number}`, DEVICES);
    if (!names.has(partition)) names.set(partition, `poison-${number}`);
  }
  return [...names.values()];
}

interface LaneOf {
  readonly frameCount: number;
  readonly walkFrames: number;
}

/** Which picture of a walk; null while nobody walks. One that would not be over before the lane is, does not begin. */
function stepAt(at: number, { frameCount, walkFrames }: LaneOf): number | null {
  const step = (at % CYCLE_FRAMES) - WALK_FROM;
  const begins = at - step;
  const isWhole = begins + walkFrames + CALM_AFTER + CALM_AT_ENDS <= frameCount;
  return isWhole && step >= 0 && step < walkFrames ? step : null;
}

function isCalm(at: number, lane: LaneOf): boolean {
  if (at < CALM_AT_ENDS || at >= lane.frameCount - CALM_AT_ENDS) return false;
  const step = (at % CYCLE_FRAMES) - WALK_FROM;
  const isNearWalk = step >= -CALM_BEFORE && step < lane.walkFrames + CALM_AFTER;
  return !isNearWalk || stepAt(at - step, lane) === null;
}

function chooseDamage(random: ReturnType<typeof createRandom>): Damage {
  return random.chance(0.5)
    ? { of: 'record', damage: random.pick(recordDamages) }
    : { of: 'picture', damage: random.pick(pictureDamages) };
}
