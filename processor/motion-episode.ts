import { derivedId } from '../schemas/identity.ts';
import type { Box, Event, Lane, TimeQuality } from '../schemas/types.ts';
import type { FrameMotion } from './motion.ts';
import { awaitedMs, GAP_MAX_MS, paceOf } from './pace.ts';

/**
 * From moving frames to motion as people speak of it: it begins, lasts, and ends. One moving frame among still ones
 * is a flicker; a second within `quietMs` makes it motion, dated back to the first. It ends when nothing has moved for
 * `quietMs`, dated back to the last moving frame. To a camera that takes a frame in half a minute that half minute is
 * no quiet: two moving frames in a row belong together. Pure, in event time.
 *
 * A tick only says early that motion seems to be over. A moving frame that belongs to it lets it go on, in a higher
 * version: ticks change when and how often motion is told, but never what it comes to.
 */
export interface Episode {
  /** The frame it began with, which names the event. */
  readonly frameId: string;
  readonly frameSeq: number;
  readonly startedAtMs: number;
  /** What that time rests on. */
  readonly timeQuality: TimeQuality;
  readonly lastMovingAtMs: number;
  readonly frames: number;
  readonly scoreSum: number;
  readonly peakScore: number;
  readonly peakBoxes: readonly Box[];
  /** How often it was told; 0 until a second moving frame. */
  readonly version: number;
  /** Told to be over, by a tick; a frame may still continue it. */
  readonly over: boolean;
}

export interface EpisodeFrame {
  readonly frameId: string;
  readonly frameSeq: number;
  readonly atMs: number;
  readonly timeQuality: TimeQuality;
  /** Since the frame before. */
  readonly gapMs: number;
  readonly motion: FrameMotion;
}

export interface Telling {
  readonly episode: Episode;
  readonly endedAtMs: number | null;
}

interface TickSettings {
  /** When the last frames were. */
  readonly framesAtMs: readonly number[];
  readonly quietMs: number;
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
    if (isToEnd(current)) tellings.push(end(current));
    current = null;
  }
  if (!frame.motion.moving) return [current, tellings];
  if (!current) return [begin(frame), tellings];
  const isNews = current.version === 0 || current.over;
  current = goOn(current, frame);
  if (isNews) {
    current = { ...current, version: current.version + 1, over: false };
    tellings.push({ episode: current, endedAtMs: null });
  }
  return [current, tellings];
}

/** Event time has come to `atMs` although no frame says so. A tick that is late, or comes twice, changes nothing. */
export function tickEpisode(
  episode: Episode | null,
  atMs: number,
  settings: TickSettings,
): readonly [Episode | null, readonly Telling[]] {
  const dueMs = episodeDueMs(episode, settings);
  if (episode === null || dueMs === null || atMs <= dueMs) return [episode, []];
  const ended = end(episode);
  return [ended.episode, [ended]];
}

/**
 * A tick after this moment tells that it is over, if no frame comes before it; null where there is nothing to tell. Only
 * while the last frame moved does the next one belong to it however slow the camera is.
 */
export function episodeDueMs(episode: Episode | null, { framesAtMs, quietMs }: TickSettings): number | null {
  if (episode === null || !isToEnd(episode)) return null;
  const { lastMovingAtMs } = episode;
  const paceMs = framesAtMs.at(-1) === lastMovingAtMs ? paceOf(framesAtMs) : 0;
  return lastMovingAtMs + awaitedMs({ usualMs: quietMs, paceMs });
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

/** For a pause: what was told to have begun is over, and nothing that moves later belongs to it. */
export function endEpisode(episode: Episode | null): readonly Telling[] {
  return episode !== null && isToEnd(episode) ? [end(episode)] : [];
}

function isToEnd({ version, over }: Episode): boolean {
  return version > 0 && !over;
}

function end(episode: Episode): Telling {
  const ended = { ...episode, version: episode.version + 1, over: true };
  return { episode: ended, endedAtMs: ended.lastMovingAtMs };
}

function begin({ frameId, frameSeq, atMs, timeQuality, motion }: EpisodeFrame): Episode {
  return {
    frameId,
    frameSeq,
    startedAtMs: atMs,
    timeQuality,
    lastMovingAtMs: atMs,
    frames: 1,
    scoreSum: motion.score,
    peakScore: motion.score,
    peakBoxes: motion.boxes,
    version: 0,
    over: false,
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

export function motionEvent(
  { deviceId, lane, configVersion }: { readonly deviceId: string; readonly lane: Lane; readonly configVersion: number },
  { episode, endedAtMs }: Telling,
): Event {
  return {
    event_id: derivedId('motion', deviceId, episode.frameId),
    device_id: deviceId,
    type: 'motion',
    version: episode.version,
    occurred_at: episode.startedAtMs,
    ended_at: endedAtMs,
    frame_id: episode.frameId,
    frame_seq: episode.frameSeq,
    lane,
    time_quality: episode.timeQuality,
    model: null,
    config_version: configVersion,
    payload: {
      kind: 'Motion',
      score: episode.scoreSum / episode.frames,
      peak_score: episode.peakScore,
      frames: episode.frames,
      boxes: episode.peakBoxes,
    },
  };
}
