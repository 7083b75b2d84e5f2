import type { NoPicture } from '../ports/detector/picture.ts';
import { derivedId } from '../schemas/identity.ts';
import type { Event, Frame, Observation } from '../schemas/types.ts';
import type { Found, Sight } from './eyes.ts';
import type { Turn } from './line-up.ts';
import { type MotionGrid, measureMotion } from './motion.ts';
import { type Episode, finishEpisode, stepEpisode, type Telling } from './motion-episode.ts';

/**
 * One turn of one device: the pure core of the processor (promise 7). It knows no clock, does no I/O and draws no
 * random numbers, so the same turns give the same observations and events. What it tells, run-partition.ts writes
 * together with the state; aggregator/write-events.ts makes rows of it.
 */
export interface Scene {
  /** The newest frame stepped, and its picture, against which the next one moves. */
  readonly newestAtMs: number | null;
  readonly picture: Uint8Array | null;
  readonly episode: Episode | null;
}

export type StepOutput =
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string };

export interface Stepped {
  readonly scene: Scene;
  readonly told: readonly StepOutput[];
}

/** What a turn comes to: at once, or once it is known what is in the picture, since the detector is dear. */
export type Step = Stepped | { readonly afterLook: (found: Found | NoPicture) => Stepped };

export const newScene: Scene = { newestAtMs: null, picture: null, episode: null };

export function stepDevice(
  scene: Scene,
  turn: Turn,
  /** Null for what was not looked at: there is no picture, or its device is paused at this place. */
  sight: Sight | NoPicture | null,
  grid: MotionGrid,
): Step {
  if (turn.kind === 'configuration') {
    // A pause is for privacy: nothing of a picture is kept through it, nor compared with what is seen after it.
    return { scene: turn.configuration.settings.device.paused ? { ...scene, picture: null } : scene, told: [] };
  }
  const { frame, configuration } = turn;
  const { version: config_version, settings } = configuration;
  const observe = (told: Partial<Observation>) => observation(frame, { ...told, config_version });
  if (settings.device.paused) return { scene, told: [observe({ outcome: 'skipped', reason: 'paused' })] };
  if (sight === null) throw new Error(`${frame.frame_id} was not looked at, though its device is not paused`);
  if ('code' in sight) return { scene, told: [rejected(sight)] };

  const { grey, original } = sight;
  // Frames up to 2 s late share the lane with those they are late for; they cannot be compared backwards.
  if (scene.newestAtMs !== null && frame.captured_at < scene.newestAtMs) {
    return { scene, told: [observe({ ...original, outcome: 'skipped', reason: 'out-of-order' })] };
  }
  return {
    afterLook(found) {
      if ('code' in found) return { scene, told: [rejected(found)] };
      const next = { ...scene, newestAtMs: frame.captured_at, picture: grey };
      const { thresholds, events } = settings;
      const objects = found.objects.filter(({ confidence }) => confidence >= thresholds.detection_confidence);
      const seen = { ...original, objects: objects.map(asSeenObject), model: found.model };
      // Also after an upgrade that looks at pictures of another size.
      if (scene.picture?.length !== grey.length) {
        return { scene: next, told: [observe({ ...seen, reason: 'first-frame' })] };
      }
      const gapMs = frame.captured_at - (scene.newestAtMs ?? frame.captured_at);
      const { motion_cell_change: cellChangeMin, motion_score: scoreMin, motion_quiet_ms: quietMs } = thresholds;
      const motion = measureMotion(scene.picture, grey, { ...grid, cellChangeMin, scoreMin });
      const moving = { frameId: frame.frame_id, frameSeq: frame.seq, atMs: frame.captured_at, gapMs, motion };
      const [episode, tellings] = (events.motion ? stepEpisode : finishEpisode)(scene.episode, moving, quietMs);
      const { score, boxes } = motion;
      return {
        scene: { ...next, episode },
        told: [
          observe({ ...seen, motion: { score, boxes } }),
          ...tellings.map((telling) => motionEvent(frame, telling, config_version)),
        ],
      };
    },
  };
}

function rejected({ code, message }: NoPicture): StepOutput {
  return { kind: 'rejected', code, message };
}

function asSeenObject({ className, confidence, box }: Found['objects'][number]): Observation['objects'][number] {
  return { class_name: className, confidence, box, track_id: null };
}

function observation(frame: Frame, told: Partial<Observation> & Pick<Observation, 'config_version'>): StepOutput {
  const { frame_id, device_id, epoch, seq, captured_at, lane } = frame;
  return {
    kind: 'observation',
    observation: {
      frame_id,
      device_id,
      epoch,
      seq,
      captured_at,
      lane,
      outcome: 'analysed',
      reason: null,
      width: 0,
      height: 0,
      motion: null,
      objects: [],
      model: null,
      ...told,
    },
  };
}

function motionEvent(
  { device_id, lane, time_quality }: Frame,
  { episode, endedAtMs }: Telling,
  config_version: number,
): StepOutput {
  return {
    kind: 'event',
    event: {
      event_id: derivedId('motion', device_id, episode.frameId),
      device_id,
      type: 'motion',
      version: episode.version,
      occurred_at: episode.startedAtMs,
      ended_at: endedAtMs,
      frame_id: episode.frameId,
      frame_seq: episode.frameSeq,
      lane,
      time_quality,
      model: null,
      config_version,
      payload: {
        kind: 'Motion',
        score: episode.scoreSum / episode.frames,
        peak_score: episode.peakScore,
        frames: episode.frames,
        boxes: episode.peakBoxes,
      },
    },
  };
}
