import type { NoPicture } from '../ports/detector/picture.ts';
import { derivedId } from '../schemas/identity.ts';
import type { Event, Frame, Observation } from '../schemas/types.ts';
import { builtInConfiguration, type Configuration, newerOf } from './configuration.ts';
import type { Look } from './look.ts';
import { type MotionGrid, measureMotion } from './motion.ts';
import { type Episode, finishEpisode, stepEpisode, type Telling } from './motion-episode.ts';
import { hasSeen, noSeqs, type SeenSeqs, withSeen } from './seen-seqs.ts';

/**
 * One frame of one device: the pure core of the processor (promise 7). It knows no clock, does no I/O and draws no
 * random numbers, so the same frames, with the same configurations among them, give the same observations and events.
 * What it tells, run-partition.ts writes together with the state; aggregator/write-events.ts makes rows of it.
 */
export interface DeviceState {
  readonly configuration: Configuration;
  readonly seen: SeenSeqs;
  /** The newest frame stepped, and its picture, against which the next one moves. */
  readonly newestAtMs: number | null;
  readonly picture: Uint8Array | null;
  readonly episode: Episode | null;
}

export type StepOutput =
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string };

export const newDevice: DeviceState = {
  configuration: builtInConfiguration,
  seen: noSeqs,
  newestAtMs: null,
  picture: null,
  episode: null,
};

/** From here on this configuration applies, unless a newer one does already. */
export function configureDevice(state: DeviceState, given: Configuration): DeviceState {
  const configuration = newerOf(state.configuration, given);
  if (configuration === state.configuration) return state;
  // A pause is for privacy: nothing of a picture is kept through it, nor compared with what is seen after it.
  return { ...state, configuration, picture: configuration.settings.device.paused ? null : state.picture };
}

export interface StepInput {
  readonly frame: Frame;
  /** Null for what was not looked at, since its device is paused at this place. */
  readonly look: Look | NoPicture | null;
}

export function stepDevice(
  state: DeviceState,
  { frame, look }: StepInput,
  grid: MotionGrid,
): readonly [DeviceState, readonly StepOutput[]] {
  if (hasSeen(state.seen, frame.epoch, frame.seq)) return [state, []];
  const seen = withSeen(state.seen, frame.epoch, frame.seq);
  const { version: config_version, settings } = state.configuration;
  const observe = (told: Partial<Observation>) => observation(frame, { ...told, config_version });
  if (settings.device.paused) return [{ ...state, seen }, [observe({ outcome: 'skipped', reason: 'paused' })]];
  if (look === null) throw new Error(`${frame.frame_id} was not looked at, though its device is not paused`);
  if ('code' in look) return [{ ...state, seen }, [{ kind: 'rejected', code: look.code, message: look.message }]];

  const { grey, original, model } = look;
  // Frames up to 2 s late share the lane with those they are late for; they cannot be compared backwards.
  if (state.newestAtMs !== null && frame.captured_at < state.newestAtMs) {
    return [{ ...state, seen }, [observe({ ...original, outcome: 'skipped', reason: 'out-of-order' })]];
  }
  const next = { ...state, seen, newestAtMs: frame.captured_at, picture: grey };
  // Also after an upgrade that looks at pictures of another size.
  const { thresholds, events } = settings;
  const objects = look.objects.filter(({ confidence }) => confidence >= thresholds.detection_confidence);
  const sight = { ...original, objects: objects.map(asSeenObject), model };
  if (state.picture?.length !== grey.length) return [next, [observe({ ...sight, reason: 'first-frame' })]];

  const gapMs = frame.captured_at - (state.newestAtMs ?? frame.captured_at);
  const { motion_cell_change: cellChangeMin, motion_score: scoreMin, motion_quiet_ms: quietMs } = thresholds;
  const motion = measureMotion(state.picture, grey, { ...grid, cellChangeMin, scoreMin });
  const moving = { frameId: frame.frame_id, frameSeq: frame.seq, atMs: frame.captured_at, gapMs, motion };
  const [episode, tellings] = (events.motion ? stepEpisode : finishEpisode)(state.episode, moving, quietMs);
  const { score, boxes } = motion;
  return [
    { ...next, episode },
    [
      observe({ ...sight, motion: { score, boxes } }),
      ...tellings.map((telling) => motionEvent(frame, telling, config_version)),
    ],
  ];
}

function asSeenObject({ className, confidence, box }: Look['objects'][number]): Observation['objects'][number] {
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
