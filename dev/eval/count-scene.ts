import { modelOptionsOf } from '../../ports/detector/config.ts';
import { FAINT_SHARE, type Model, openModel } from '../../ports/detector/model.ts';
import { appearanceOf } from '../../processor/appearance.ts';
import { stepTracks } from '../../processor/track.ts';
import { noTracks, type Sighting, usualTracking } from '../../processor/tracks.ts';
import { pictureFor } from '../models/read-picture.ts';
import { createRandom, type Random } from '../simulate/random.ts';
import { HEIGHT_PX, WIDTH_PX } from '../simulate/room.ts';
import { createScene, type Scene } from '../simulate/scene.ts';
import { type Jitter, jittered } from './jitter.ts';
import { type Counts, countsOf, createCounting, createTruth, placesOf } from './placed-scene.ts';
import { createSights } from './to-be-seen.ts';

/** What was counted in one scene, what of it could be known from the pictures, and all that happened. */
export interface Counted {
  readonly happened: Counts;
  readonly known: Counts;
  readonly ours: Counts;
}

const CAMERA = 'zones';
/** Until whoever was seen last is absent. */
const AFTER_MS = 15_000;
/** Of people who are found where they are. */
const JITTER_CONFIDENCES = { sure: 0.5, faint: 0.5 * FAINT_SHARE };

/** Counts in rendered scenes, by the shipped detector, or where `jitter` is given by one that only errs as that says. */
export async function openCounter({
  seconds,
  fps,
  jitter,
}: {
  readonly seconds: number;
  readonly fps: number;
  readonly jitter: Jitter | null;
}) {
  const model = await openModel({ ...modelOptionsOf({}), threads: 2, faintShare: FAINT_SHARE });
  const { sure: sureConfidence, faint: faintConfidence } = jitter ? JITTER_CONFIDENCES : model.people;

  async function count(seed: number): Promise<Counted> {
    const scene = createScene({ seed, camera: CAMERA, fps });
    const settings = placesOf(seed, CAMERA);
    const [happened, ours] = [createCounting(settings), createCounting(settings)];
    const sights = createSights(settings);
    const whoIsThere = createTruth(seed, CAMERA);
    const random = createRandom(seed, 'jitter');
    let tracks = noTracks;
    for (let frame = 0; frame < seconds * fps; frame += 1) {
      const atMs = Math.round((frame * 1_000) / fps);
      const boxes = scene.truth(frame);
      happened.step(atMs, whoIsThere(atMs, boxes));
      sights.step(atMs, boxes);
      const sightings = await find(scene, frame, random);
      const [next, { people }] = stepTracks(
        tracks,
        {
          deviceId: `scene-${seed}`,
          lane: 'live',
          atMs,
          unseenBeforeMs: tracks.atMs,
          aspect: WIDTH_PX / HEIGHT_PX,
          sightings,
        },
        { ...usualTracking, sureConfidence, faintConfidence },
      );
      tracks = next;
      ours.step(atMs, people);
    }
    for (let atMs = seconds * 1_000; atMs <= seconds * 1_000 + AFTER_MS; atMs += 1_000) {
      happened.step(atMs, []);
      ours.step(atMs, []);
    }
    return {
      happened: countsOf(happened.happenings),
      known: countsOf(sights.known(happened.happenings)),
      ours: countsOf(ours.happenings),
    };
  }

  async function find(scene: Scene, frame: number, random: Random): Promise<readonly Sighting[]> {
    const truth = scene.truth(frame);
    // An empty picture need not be made, where boxes come from the truth.
    if (jitter && truth.length === 0) return [];
    const picture = await pictureFor(model, await scene.render(frame), `frame ${frame}`);
    const objects = jitter ? jittered(truth, random, jitter) : await model.detect(picture);
    return objects
      .filter(({ className }) => className === 'person')
      .map(({ box, confidence }) => ({ box, confidence, appearance: appearanceOf(picture, box) }));
  }

  return { count, close: (): ReturnType<Model['close']> => model.close() };
}
