import type { Box } from '../schemas/types.ts';
import type { FrameMotion } from './motion.ts';
import { GAP_MAX_MS } from './pace.ts';

/**
 * From moving frames to motion as people speak of it: it begins, lasts, and ends. One moving frame among still ones
 * is a flicker; a second within `quietMs` makes it motion, dated back to the first. It ends when nothing has moved for
 * `quietMs`, dated back to the last moving frame. To a camera that takes a frame in half a minute that half minute is
 * no quiet: two moving frames in a row belong together. Pure, in event time.
 */
export interface Episode {
  /** The frame it began with, which names the event. */
  readonly frameId: string;
  readonly frameSeq: number;
  readonly startedAtMs: number;
  readonly lastMovingAtMs: number;
  readonly frames: number;
  readonly scoreSum: number;
  readonly peakScore: number;
  readonly peakBoxes: readonly Box[];
  /** How often it was told; 0 until a second moving frame. */
  readonly version: number;
}

export interface EpisodeFrame {
  readonly frameId: string;
  readonly frameSeq: number;
  readonly atMs: number;
  /** Since the frame before. */
  readonly gapMs: number;
  readonly motion: FrameMotion;
}

export interface Telling {
  readonly episode: Episode;
  readonly endedAtMs: number | null;
}

/** Told when it begins and when it ends; in between an episode only remembers. */
export function stepEpisode(
  episode: Episode | null,
  frame: EpisodeFrame,
  quietMs: number,
): readonly [Episode | null, readonly Telling[]] {
  const tellings: Telling[] = [];
  let current = episode;
  const inARow = frame.motion.moving && frame.gapMs <= GAP_MAX_MS;
  const boundMs = inARow ? Math.max(quietMs, frame.gapMs) : quietMs;
  if (current && frame.atMs - current.lastMovingAtMs > boundMs) {
    const over = { ...current, version: current.version + 1 };
    if (current.version > 0) tellings.push({ episode: over, endedAtMs: over.lastMovingAtMs });
    current = null;
  }
  if (!frame.motion.moving) return [current, tellings];
  if (!current) return [begin(frame), tellings];
  current = goOn(current, frame);
  if (current.version === 0) {
    current = { ...current, version: 1 };
    tellings.push({ episode: current, endedAtMs: null });
  }
  return [current, tellings];
}

/** Where motion is not to be told of: what was told to have begun is told to be over, and nothing begins. */
export function finishEpisode(
  episode: Episode | null,
  frame: EpisodeFrame,
  quietMs: number,
): readonly [Episode | null, readonly Telling[]] {
  if (episode === null || episode.version === 0) return [null, []];
  const [next, tellings] = stepEpisode(episode, frame, quietMs);
  return [next?.frameId === episode.frameId ? next : null, tellings];
}

function begin({ frameId, frameSeq, atMs, motion }: EpisodeFrame): Episode {
  return {
    frameId,
    frameSeq,
    startedAtMs: atMs,
    lastMovingAtMs: atMs,
    frames: 1,
    scoreSum: motion.score,
    peakScore: motion.score,
    peakBoxes: motion.boxes,
    version: 0,
  };
}

function goOn(episode: Episode, { atMs, motion }: EpisodeFrame): Episode {
  const peak = motion.score > episode.peakScore;
  return {
    ...episode,
    lastMovingAtMs: atMs,
    frames: episode.frames + 1,
    scoreSum: episode.scoreSum + motion.score,
    peakScore: peak ? motion.score : episode.peakScore,
    peakBoxes: peak ? motion.boxes : episode.peakBoxes,
  };
}
