import { matchLight } from './light.ts';
import type { FrameMotion, MotionGrid, MotionThresholds } from './motion.ts';
import { findRegions } from './regions.ts';

/**
 * What a camera sees when nothing is there, on a small grey picture, and how restless each cell of it is. Against it a
 * frame shows what is there now (present), moving or not; against the frame before, what of that moves. Pure, in event
 * time; what it keeps are bytes, 12 KB of them, and it reckons in what comes out the same on every machine.
 *
 * What the light does to all of the picture is taken out first (light.ts). The rest is by cell:
 *
 * - It is background while it is no further from what is expected than the bound, or than its own restlessness. Then what
 *   is expected follows it, a grey in `FOLLOW_MS`, as evening comes.
 * - Where it differs and goes on changing, a lamp flickers or leaves move: it becomes restless, and its bound grows. Not
 *   while somebody is followed, or a busy entrance would hide whoever comes through it.
 * - Where it differs and keeps still, something was put there. After `absorbMs` that is background.
 * - Where a quarter of the picture has come to differ and keeps still, the camera was moved or a lamp switched on: after
 *   `RELEARN_MS` all is learnt anew.
 */
export interface Background {
  readonly atMs: number;
  /** From how many frames it was learnt, up to LEARN_FRAMES. */
  readonly frames: number;
  /** The frame before, against which the next one moves. */
  readonly picture: Uint8Array;
  /** The grey that is expected, at the light in which it was learnt. */
  readonly expected: Uint8Array;
  /** How far a cell usually strays from that, in eighths of a grey. */
  readonly unrest: Uint8Array;
  /** 0 for background; else 1, and for how many ticks (of which `absorbMs` has TICKS) it has kept still. */
  readonly still: Uint8Array;
}

export interface Sensing extends MotionGrid, MotionThresholds {
  readonly atMs: number;
  /** How long something must keep still to become background. */
  readonly absorbMs: number;
  /** Somebody is being followed: what goes on changing is they, and no place is restless for it. */
  readonly hasTracks: boolean;
}

export interface Sensed {
  /** Something is there that is not background. */
  readonly present: boolean;
  /** What of it, or of what was there before, has changed since the frame before. */
  readonly motion: FrameMotion;
  /** Why its motion says little: there was no background to compare it with, or all of it is another from here on. */
  readonly learnt: 'first-frame' | 'relearnt' | null;
}

const TICKS = 200;
const RELEARN_MS = 3_000;
const RELEARN_SHARE = 1 / 4;
/** Of so many frames the mean is taken first. */
const LEARN_FRAMES = 10;
const FOLLOW_MS = 1_000;
/** By how much restlessness grows and shrinks in that time: it comes to where one frame in nine goes beyond it. */
const [UNREST_UP, UNREST_DOWN] = [16, 2];
/** One frame says so much, however long ago the last one was. */
const STEPS_MAX = 2;
/** A cell may stray so much further than that: of even noise four times its deviation. */
const STRAY_MAX = 2.5;
const EIGHTHS = 8;
/** Whatever differs by more than this is seen however restless the place is: it could be a busy entrance. */
const BOUND_MAX = 40;
/** What is there stays there until it is clearly gone, or what differs by little would come and go for ever. */
const STAY_SHARE = 0.75;

const NOTHING: Sensed = {
  present: false,
  motion: { score: 0, moving: false, boxes: [] },
  learnt: 'first-frame',
};

export function senseMotion(
  background: Background | null,
  grey: Uint8Array,
  sensing: Sensing,
): readonly [Background, Sensed] {
  // Also after an upgrade that looks at pictures of another size.
  if (background?.picture.length !== grey.length) return [learn(grey, sensing.atMs), NOTHING];
  const { atMs, absorbMs, hasTracks, cellChangeMin, scoreMin } = sensing;
  const cells = grey.length;
  const lit = matchLight(background.expected, grey);
  const litBefore = matchLight(background.picture, grey);
  const steps = Math.min(ticksBetween(background.atMs, atMs, FOLLOW_MS), STEPS_MAX);
  const pace = { up: hasTracks ? 0 : UNREST_UP * steps, down: UNREST_DOWN * steps };
  const isNew = background.frames < LEARN_FRAMES;
  const tickMs = Math.max(1, Math.ceil(absorbMs / TICKS));
  const ticks = ticksBetween(background.atMs, atMs, tickMs);
  const relearnTicks = Math.min(TICKS, Math.ceil(RELEARN_MS / tickMs));

  const expected = background.expected.slice();
  const unrest = background.unrest.slice();
  const still = new Uint8Array(cells);
  const present = new Uint8Array(cells);
  const moving = new Uint8Array(cells);
  let settled = 0;
  let absorbed = 0;
  for (let cell = 0; cell < cells; cell += 1) {
    const wanted = expected[cell] as number;
    const stray = (grey[cell] as number) - (lit[wanted] as number);
    const restless = unrest[cell] as number;
    const changed = Math.abs((grey[cell] as number) - (litBefore[background.picture[cell] as number] as number));
    const isChanged = changed > cellChangeMin;
    const wasStill = background.still[cell] as number;
    const bound = Math.max(cellChangeMin, Math.min(BOUND_MAX, (STRAY_MAX * restless) / EIGHTHS));
    const isPresent = Math.abs(stray) > (wasStill > 0 ? STAY_SHARE * bound : bound);
    if (isChanged && (isPresent || wasStill > 0)) moving[cell] = 1;
    if (isNew) expected[cell] = asGrey(wanted + Math.round(stray / (background.frames + 1)));
    if (!isPresent) {
      if (!isNew) expected[cell] = asGrey(wanted + Math.sign(stray) * Math.min(steps, Math.abs(stray)));
      unrest[cell] = follow(restless, Math.abs(stray) * EIGHTHS, pace);
      continue;
    }
    present[cell] = 1;
    if (isChanged) {
      unrest[cell] = follow(restless, Math.abs(stray) * EIGHTHS, pace);
      still[cell] = 1;
      continue;
    }
    const age = Math.min(TICKS + 1, Math.max(1, wasStill) + ticks);
    still[cell] = age;
    if (age > relearnTicks) settled += 1;
    if (age > TICKS) absorbed += 1;
  }

  const there = findRegions(present, sensing);
  const moved = findRegions(moving, sensing);
  const movedScore = moved.cells / cells;
  const relearnt = settled > RELEARN_SHARE * cells;
  if (absorbed > 0) {
    // In one light, or what is new would be taken for what it would have been in that of long ago.
    for (let cell = 0; cell < cells; cell += 1) {
      const isOld = (still[cell] as number) > TICKS;
      expected[cell] = isOld ? (grey[cell] as number) : (lit[expected[cell] as number] as number);
      if (isOld) still[cell] = 0;
    }
  }
  const frames = Math.min(LEARN_FRAMES, background.frames + 1);
  const next = { atMs, frames, picture: grey, expected, unrest, still };
  return [
    relearnt ? { ...learn(grey, atMs), unrest } : next,
    {
      present: there.cells / cells > scoreMin,
      motion: {
        score: movedScore,
        moving: movedScore > scoreMin,
        boxes: movedScore > scoreMin ? moved.boxes : [],
      },
      learnt: relearnt ? 'relearnt' : null,
    },
  ];
}

function learn(grey: Uint8Array, atMs: number): Background {
  const none = new Uint8Array(grey.length);
  return { atMs, frames: 1, picture: grey, expected: grey, unrest: none, still: none };
}

/** Whole ticks of the calendar, so that what is left over between two frames counts for the next. */
function ticksBetween(fromMs: number, toMs: number, tickMs: number): number {
  return Math.floor(toMs / tickMs) - Math.floor(fromMs / tickMs);
}

function asGrey(value: number): number {
  return Math.max(0, Math.min(255, value));
}

function follow(unrest: number, to: number, { up, down }: { readonly up: number; readonly down: number }): number {
  return Math.min(255, to > unrest ? Math.min(to, unrest + up) : Math.max(to, unrest - down));
}
