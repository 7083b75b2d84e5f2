import type { NoPicture } from '../ports/detector/picture.ts';
import type { Event, Lane, Observation } from '../schemas/types.ts';
import { type Background, type Sensed, senseMotion } from './background.ts';
import type { Found, FoundObject, Prepared } from './eyes.ts';
import { firstSightEvent, type SeenClass, stepFirstSights } from './first-sights.ts';
import { forget, isEverything } from './forget.ts';
import { closedGate, type Gate, stepGate } from './gate.ts';
import type { Turn, TurnFrame } from './line-up.ts';
import type { MotionGrid } from './motion.ts';
import {
  type Episode,
  endEpisode,
  finishEpisode,
  motionEvent,
  stepEpisode,
  type Telling,
  tickEpisode,
} from './motion-episode.ts';
import { type PlaceTelling, placeEvent } from './place-telling.ts';
import { endPlaces, fitPlaces, noPlaces, type Places, stepPlaces, tickPlaces } from './places.ts';
import { stepTracks } from './track.ts';
import { type Entered, endEntered, stepEntered, type TrackTelling, trackEvent } from './track-telling.ts';
import { noTracks, type Person, type Tracks, usualTracking } from './tracks.ts';
import { type VisitTelling, visitEvent } from './visit.ts';
import {
  endVisits,
  hasLasting,
  noVisits,
  stepVisits,
  tickVisits,
  type VisitFrame,
  type VisitSettings,
  type Visits,
} from './visits.ts';

/**
 * One turn of one device: the pure core of the processor (promise 7). It knows no clock, does no I/O and draws no
 * random numbers, so the same turns give the same observations and events. What it tells, run-partition.ts writes
 * together with the state; aggregator/write-events.ts makes rows of it.
 */
export interface Scene {
  /** Of the newest frame stepped. */
  readonly newestAtMs: number | null;
  readonly background: Background | null;
  readonly gate: Gate;
  readonly episode: Episode | null;
  readonly tracks: Tracks;
  readonly visits: Visits;
  readonly places: Places;
  /** Of the tracks those of which that was told. */
  readonly entered: readonly Entered[];
  readonly classes: readonly SeenClass[];
}

export type StepOutput =
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string };

export interface Stepped {
  readonly scene: Scene;
  readonly told: readonly StepOutput[];
}

/** What a turn comes to: at once, or once it is known who is in the picture, since the detector is dear. */
export type Step = Stepped | { readonly afterLook: (found: Found | NoPicture) => Stepped };

/** What is the same for all frames of a lane. */
export interface StepOptions {
  readonly lane: Lane;
  /** The size of the small picture that each prepared one has. */
  readonly grid: MotionGrid;
}

export const newScene: Scene = {
  newestAtMs: null,
  background: null,
  gate: closedGate,
  episode: null,
  tracks: noTracks,
  visits: noVisits,
  places: noPlaces,
  entered: [],
  classes: [],
};

export function stepDevice(
  scene: Scene,
  turn: Turn,
  /** Null for what was not fetched: there is no picture, or its device is paused at this place. */
  prepared: Prepared | NoPicture | null,
  options: StepOptions,
): Step {
  switch (turn.kind) {
    case 'frame':
      return stepFrame(scene, turn, prepared, options);
    case 'configuration':
      return turn.configuration.settings.device.paused ? pause(scene, turn, options) : fit(scene, turn, options);
    case 'tick':
      return tick(scene, turn, options);
    case 'erase':
      return { scene: isEverything(turn.erased) ? newScene : forget(scene, turn.erased), told: [] };
  }
}

function tick(scene: Scene, turn: Turn & { readonly kind: 'tick' }, options: StepOptions): Stepped {
  const { framesAtMs } = scene.visits;
  const { settings } = turn.configuration;
  const { motion_quiet_ms: quietMs } = settings.thresholds;
  const [episode, motionTellings] = tickEpisode(scene.episode, turn.atMs, { framesAtMs, quietMs });
  const [visits, visitTellings] = tickVisits(scene.visits, turn.atMs, visitSettingsOf(turn));
  const [places, placeTellings] = tickPlaces(scene.places, turn.atMs, settings, framesAtMs);
  if (episode === scene.episode && visits === scene.visits && places === scene.places) return { scene, told: [] };
  return {
    scene: { ...scene, episode, visits, places },
    told: [
      ...motionEvents(motionTellings, turn, options),
      ...visitEvents(visitTellings, turn, options),
      ...placeEvents(placeTellings, turn, { ...options, model: scene.places.model }),
    ],
  };
}

type ConfigurationTurn = Turn & { readonly kind: 'configuration' };

/** Zones and lines may have gone. */
function fit(scene: Scene, turn: ConfigurationTurn, options: StepOptions): Stepped {
  const { model } = scene.places;
  const [places, tellings] = fitPlaces(scene.places, turn.configuration.settings, turn.former.settings);
  return { scene: { ...scene, places }, told: placeEvents(tellings, turn, { ...options, model }) };
}

/** A pause is for privacy: nothing of a picture is kept through it, nor compared with what is seen after it. */
function pause(scene: Scene, turn: ConfigurationTurn, options: StepOptions): Stepped {
  const [visits, tellings] = endVisits(scene.visits);
  const motionTellings = endEpisode(scene.episode);
  const placeTellings = endPlaces(scene.places, turn.former.settings);
  const trackTellings = endEntered(scene.entered, { wanted: turn.configuration.settings.events.tracking });
  return {
    scene: { ...newScene, newestAtMs: scene.newestAtMs, visits },
    told: [
      ...motionEvents(motionTellings, turn, options),
      ...visitEvents(tellings, turn, options),
      ...placeEvents(placeTellings, turn, { ...options, model: scene.places.model }),
      ...trackEvents(trackTellings, turn, options),
    ],
  };
}

/** Why there is no picture; nothing is wrong with that. */
export const ERASED = 'erased';

type FrameTurn = Turn & { readonly kind: 'frame' };

function stepFrame(scene: Scene, turn: FrameTurn, prepared: Prepared | NoPicture | null, options: StepOptions): Step {
  const { frame, configuration } = turn;
  if (configuration.settings.device.paused) return { scene, told: [skipped(turn, { reason: 'paused' })] };
  if (prepared === null) throw new Error(`${frame.frame_id} was not looked at, though its device is not paused`);
  if ('code' in prepared) {
    return { scene, told: [prepared.code === ERASED ? skipped(turn, { reason: ERASED }) : rejected(prepared)] };
  }
  // A second control for the same frame finds that the first has brought time to where it stands.
  if (turn.redriven && scene.newestAtMs !== null && frame.captured_at <= scene.newestAtMs) {
    return { afterLook: (found) => ({ scene, told: [lookedAtAlone(turn, prepared, found)] }) };
  }
  // A late one whose place was not kept any longer: time does not run backwards.
  if (scene.newestAtMs !== null && frame.captured_at < scene.newestAtMs) {
    return { scene, told: [skipped(turn, { ...prepared.original, reason: 'out-of-order' })] };
  }
  const sensed = sense(scene, turn, prepared, options);
  if (sensed.look) {
    return { afterLook: (found) => ('code' in found ? { scene, told: [rejected(found)] } : meet(sensed, turn, found)) };
  }
  // Nothing is there that was not there before, and nobody whose visit lasts: nobody, as far as visits go.
  const { scene: shown, told } = show(sensed.scene, turn, visitFrameOf(frame, [], ''), options);
  const still = skipped(turn, { ...sensed.seen, reason: 'still' });
  return { scene: shown, told: [still, ...sensed.told, ...told] };
}

/** Redriven, and older than what was stepped since: told for itself, since time does not run backwards. */
function lookedAtAlone(turn: FrameTurn, { original }: Prepared, found: Found | NoPicture): StepOutput {
  if ('code' in found) return rejected(found);
  const { detection_confidence: asked } = turn.configuration.settings.thresholds;
  const confidences = confidencesOf(found, asked);
  const objects = found.objects
    .filter((object) => isSureOf(object, confidences, asked))
    .map((object) => asSeenObject(object, null));
  return observation(turn, { ...original, reason: 'redriven', objects, model: found.model });
}

/** What comes of who is in a frame: visits, and who is where. */
function show(scene: Scene, turn: FrameTurn, shown: VisitFrame, options: LaneOptions): Stepped {
  const { settings } = turn.configuration;
  const { framesAtMs } = scene.visits;
  const [visits, tellings] = stepVisits(scene.visits, shown, visitSettingsOf(turn));
  const [places, placeTellings] = stepPlaces(scene.places, { ...shown, framesAtMs }, settings);
  const model = shown.model || scene.places.model;
  return {
    scene: { ...scene, visits, places },
    told: [...visitEvents(tellings, turn, options), ...placeEvents(placeTellings, turn, { ...options, model })],
  };
}

interface SensedFrame {
  /** With all that is known of the frame but who is in it. */
  readonly scene: Scene;
  readonly seen: Pick<Observation, 'width' | 'height' | 'motion'>;
  /** Told as a stable code. */
  readonly reason: Sensed['learnt'];
  /** The last frame before in which whoever is new in this one would have been seen, if there was one. */
  readonly unseenBeforeMs: number | null;
  /** Of motion that began or ended. */
  readonly told: readonly StepOutput[];
  /** Whether the detector is to look. */
  readonly look: boolean;
}

function sense(scene: Scene, turn: FrameTurn, prepared: Prepared, options: StepOptions): SensedFrame {
  const { frame, configuration } = turn;
  const { thresholds, events } = configuration.settings;
  const atMs = frame.captured_at;
  const { live } = scene.tracks;
  const hasTracks = live.length > 0;
  const [background, { present, motion, learnt }] = senseMotion(scene.background, prepared.grey, {
    ...options.grid,
    atMs,
    cellChangeMin: thresholds.motion_cell_change,
    scoreMin: thresholds.motion_score,
    absorbMs: thresholds.motion_absorb_ms,
    hasTracks,
  });
  const gapMs = atMs - (scene.newestAtMs ?? atMs);
  const { frame_id: frameId, seq: frameSeq, time_quality: timeQuality } = frame;
  const moving = { frameId, frameSeq, atMs, timeQuality, gapMs, motion };
  const step = events.motion ? stepEpisode : finishEpisode;
  const [episode, tellings] = step(scene.episode, moving, thresholds.motion_quiet_ms);
  const isNews = present || motion.moving;
  const settings = visitSettingsOf(turn);
  const [gate, look] = stepGate(
    scene.gate,
    {
      atMs,
      present: isNews,
      inSight: live.some(({ seenAtMs }) => seenAtMs === scene.tracks.atMs),
      hasTracks,
      hasVisits: hasLasting(scene.visits, settings),
    },
    { lookEveryMs: thresholds.look_every_ms, lookAfterMs: thresholds.motion_quiet_ms },
  );
  const { score, boxes } = motion;
  return {
    scene: { ...scene, newestAtMs: atMs, background, episode, gate },
    seen: { ...prepared.original, motion: learnt === 'first-frame' ? null : { score, boxes } },
    reason: learnt,
    // Who is found where nothing is new may have been there, as background, since the detector looked last.
    unseenBeforeMs: isNews ? (scene.visits.framesAtMs.at(-1) ?? null) : scene.gate.lookedAtMs,
    told: motionEvents(tellings, turn, options),
    look,
  };
}

/** Who is there, after the detector has looked. */
function meet({ scene, seen, reason, unseenBeforeMs, told }: SensedFrame, turn: FrameTurn, found: Found): Stepped {
  const { frame, configuration } = turn;
  const { device_id: deviceId, lane, captured_at: atMs } = frame;
  const { thresholds, events } = configuration.settings;
  const persons = found.objects.filter(({ className }) => className === PERSON);
  const confidences = confidencesOf(found, thresholds.detection_confidence);
  const [tracks, { trackIds, people }] = stepTracks(
    scene.tracks,
    { deviceId, lane, atMs, unseenBeforeMs, aspect: seen.width / seen.height, sightings: persons },
    { ...usualTracking, ...confidences, returnWindowMs: thresholds.return_ms },
  );
  const trackOf = new Map(persons.map((person, at) => [person, trackIds[at] ?? null]));
  const objects = found.objects
    .map((object) => asSeenObject(object, trackOf.get(object) ?? null))
    .filter(({ class_name: className, confidence, track_id }) => {
      return track_id !== null || isSureOf({ className, confidence }, confidences, thresholds.detection_confidence);
    });
  const shownFrame = visitFrameOf(frame, people, found.model);
  const shown = show({ ...scene, tracks }, turn, shownFrame, { lane });
  const liveIds = new Set(tracks.live.map(({ trackId }) => trackId));
  const [entered, trackTellings] = stepEntered(scene.entered, shownFrame, liveIds, { wanted: events.tracking });
  const sure = found.objects.filter((object) => isSureOf(object, confidences, thresholds.detection_confidence));
  const { detection_cooldown_ms: cooldownMs } = thresholds;
  const [classes, firstSights] = stepFirstSights(scene.classes, shownFrame, sure, {
    cooldownMs,
    wanted: events.detection,
  });
  const of = { deviceId, lane, configVersion: configuration.version };
  return {
    scene: { ...shown.scene, entered, classes },
    told: [
      observation(turn, { ...seen, reason, objects, model: found.model }),
      ...told,
      ...shown.told,
      ...firstSights.map((one) => ({ kind: 'event', event: firstSightEvent(of, one) }) as const),
      ...trackEvents(trackTellings, turn, { lane }),
    ],
  };
}

const PERSON = 'person';

/** A device may ask for more than its model does. */
function confidencesOf({ people: { sure, faint } }: Found, asked: number) {
  const more = Math.max(1, asked / sure);
  return { sureConfidence: sure * more, faintConfidence: faint * more };
}

/** A model lists other things only where it is sure of them. */
function isSureOf(
  { className, confidence }: Pick<FoundObject, 'className' | 'confidence'>,
  { sureConfidence }: { readonly sureConfidence: number },
  asked: number,
): boolean {
  return confidence >= (className === PERSON ? sureConfidence : asked);
}

function visitFrameOf(frame: TurnFrame, people: readonly Person[], model: string): VisitFrame {
  const { frame_id: frameId, seq: frameSeq, captured_at: atMs, time_quality: timeQuality } = frame;
  return { frameId, frameSeq, atMs, timeQuality, model, people };
}

function visitSettingsOf({ configuration }: Turn): VisitSettings {
  const { thresholds, events } = configuration.settings;
  return { absenceGapMs: thresholds.absence_ms, updateEveryMs: thresholds.visit_update_ms, wanted: events.visit };
}

type LaneOptions = Pick<StepOptions, 'lane'>;

function motionEvents(tellings: readonly Telling[], turn: Turn, { lane }: LaneOptions): readonly StepOutput[] {
  const { deviceId, configuration } = turn;
  const of = { deviceId, lane, configVersion: configuration.version };
  return tellings.map((telling) => ({ kind: 'event', event: motionEvent(of, telling) }));
}

function visitEvents(tellings: readonly VisitTelling[], turn: Turn, { lane }: LaneOptions): readonly StepOutput[] {
  const { deviceId, configuration } = turn;
  const of = { deviceId, lane, configVersion: configuration.version };
  return tellings.map((telling) => ({ kind: 'event', event: visitEvent(of, telling) }));
}

function trackEvents(tellings: readonly TrackTelling[], turn: Turn, { lane }: LaneOptions): readonly StepOutput[] {
  const { deviceId, configuration } = turn;
  const of = { deviceId, lane, configVersion: configuration.version };
  return tellings.map((telling) => ({ kind: 'event', event: trackEvent(of, telling) }));
}

function placeEvents(
  tellings: readonly PlaceTelling[],
  { deviceId, configuration }: Turn,
  { lane, model }: LaneOptions & Pick<Places, 'model'>,
): readonly StepOutput[] {
  const of = { deviceId, lane, configVersion: configuration.version, model };
  return tellings.map((telling) => ({ kind: 'event', event: placeEvent(of, telling) }));
}

function rejected({ code, message }: NoPicture): StepOutput {
  return { kind: 'rejected', code, message };
}

function asSeenObject(
  { className, confidence, box }: FoundObject,
  track_id: string | null,
): Observation['objects'][number] {
  return { class_name: className, confidence, box, track_id };
}

function skipped(turn: FrameTurn, told: Partial<Observation> & { readonly reason: string }): StepOutput {
  return observation(turn, { ...told, outcome: 'skipped' });
}

function observation({ frame, configuration }: FrameTurn, told: Partial<Observation>): StepOutput {
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
      config_version: configuration.version,
      ...told,
    },
  };
}
