import type { NoPicture } from '../ports/detector/picture.ts';
import { derivedId } from '../schemas/identity.ts';
import type { Event, Frame, Observation } from '../schemas/types.ts';
import type { Look } from './look.ts';
import { type MotionSettings, measureMotion } from './motion.ts';
import { type Episode, stepEpisode, type Telling } from './motion-episode.ts';
import { hasSeen, noSeqs, type SeenSeqs, withSeen } from './seen-seqs.ts';

/**
 * One frame of one device: the pure core of the processor (promise 7). It knows no clock, does no I/O and draws no
 * random numbers, so the same frames give the same observations and events. What it tells, run-partition.ts writes
 * together with the state; aggregator/write-events.ts makes rows of it.
 */
export interface DeviceState {
  readonly seen: SeenSeqs;
  /** The newest frame stepped, and its picture, against which the next one moves. */
  readonly newestAtMs: number | null;
  readonly picture: Uint8Array | null;
  readonly episode: Episode | null;
}

export interface DeviceSettings {
  readonly motion: MotionSettings;
  /** Motion is over when nothing has moved for this long. */
  readonly quietMs: number;
}

export type StepOutput =
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string };

export const newDevice: DeviceState = { seen: noSeqs, newestAtMs: null, picture: null, episode: null };

export function stepDevice(
  state: DeviceState,
  { frame, look }: { readonly frame: Frame; readonly look: Look | NoPicture },
  settings: DeviceSettings,
): readonly [DeviceState, readonly StepOutput[]] {
  if (hasSeen(state.seen, frame.epoch, frame.seq)) return [state, []];
  const seen = withSeen(state.seen, frame.epoch, frame.seq);
  if ('code' in look) return [{ ...state, seen }, [{ kind: 'rejected', code: look.code, message: look.message }]];

  const { grey, original, model } = look;
  // Frames up to 2 s late share the lane with those they are late for; they cannot be compared backwards.
  if (state.newestAtMs !== null && frame.captured_at < state.newestAtMs) {
    return [{ ...state, seen }, [observe(frame, { ...original, outcome: 'skipped', reason: 'out-of-order' })]];
  }
  const next = { ...state, seen, newestAtMs: frame.captured_at, picture: grey };
  // Also after an upgrade that looks at pictures of another size.
  const sight = { ...original, objects: look.objects.map(asSeenObject), model };
  if (state.picture?.length !== grey.length) return [next, [observe(frame, { ...sight, reason: 'first-frame' })]];

  const gapMs = frame.captured_at - (state.newestAtMs ?? frame.captured_at);
  const motion = measureMotion(state.picture, grey, settings.motion);
  const [episode, tellings] = stepEpisode(
    state.episode,
    { frameId: frame.frame_id, frameSeq: frame.seq, atMs: frame.captured_at, gapMs, motion },
    settings.quietMs,
  );
  const { score, boxes } = motion;
  return [
    { ...next, episode },
    [observe(frame, { ...sight, motion: { score, boxes } }), ...tellings.map((telling) => tell(frame, telling))],
  ];
}

function asSeenObject({ className, confidence, box }: Look['objects'][number]): Observation['objects'][number] {
  return { class_name: className, confidence, box, track_id: null };
}

function observe(frame: Frame, seen: Partial<Observation>): StepOutput {
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
      config_version: 0,
      ...seen,
    },
  };
}

function tell({ device_id, lane, time_quality }: Frame, { episode, endedAtMs }: Telling): StepOutput {
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
      config_version: 0,
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
