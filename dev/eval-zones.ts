import { parseArgs } from 'node:util';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { FAINT_SHARE, openModel } from '../ports/detector/model.ts';
import { appearanceOf } from '../processor/appearance.ts';
import { stepTracks } from '../processor/track.ts';
import { noTracks, type Sighting, usualTracking } from '../processor/tracks.ts';
import { jittered } from './eval/jitter.ts';
import { type Counts, createCounting, createTruth, placesOf } from './eval/placed-scene.ts';
import { pictureFor } from './models/read-picture.ts';
import { createRandom, type Random } from './simulate/random.ts';
import { HEIGHT_PX, WIDTH_PX } from './simulate/room.ts';
import { createScene, type Scene } from './simulate/scene.ts';

/**
 * `npm run eval:zones [-- --scenes 200 --seconds 120 --fps 5 --detector jitter|model --missed 0.08 --seed 1]`: how often a zone is entered and
 * left, and a line crossed, in rendered rooms, beside what is true. With `jitter` people are found where they are, but for
 * noise, save for the share of `missed`, and are told apart by how they look in the picture; with `model` the shipped
 * detector looks at it. `--seed` is the first scene's.
 */
const { values } = parseArgs({
  options: {
    scenes: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '120' },
    fps: { type: 'string', default: '5' },
    detector: { type: 'string', default: 'jitter' },
    missed: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});
const [scenes, seconds, fps] = [Number(values.scenes), Number(values.seconds), Number(values.fps)];
const [missedShare, firstSeed] = [Number(values.missed), Number(values.seed)];
const frames = seconds * fps;

const isJitter = values.detector === 'jitter';
const model = await openModel({ ...modelOptionsOf({}), threads: 2, faintShare: FAINT_SHARE });
const { sure: sureConfidence, faint: faintConfidence } = isJitter ? { sure: 0.5, faint: 0.375 } : model.people;
const total = { entered: 0, left: 0, in: 0, out: 0 };
const found = { ...total };
let exact = 0;
for (let seed = firstSeed; seed < firstSeed + scenes; seed += 1) {
  const { truth, ours } = await run(seed);
  const names = Object.keys(total) as (keyof Counts)[];
  for (const name of names) {
    total[name] += truth[name];
    found[name] += ours[name];
  }
  const isExact = names.every((name) => truth[name] === ours[name]);
  exact += Number(isExact);
  if (!isExact) console.log(`scene ${seed}: ${JSON.stringify(ours)} of ${JSON.stringify(truth)}`);
}
await model.close();
const pair = (name: keyof Counts) => `${name}=${found[name]}/${total[name]}`;
console.log(`scenes=${scenes} exact=${exact} ${pair('entered')} ${pair('left')} ${pair('in')} ${pair('out')}`);

async function run(seed: number): Promise<{ readonly truth: Counts; readonly ours: Counts }> {
  const scene = createScene({ seed, camera: 'zones', fps });
  const settings = placesOf(seed, 'zones');
  const [truth, ours] = [createCounting(settings), createCounting(settings)];
  const whoIsThere = createTruth(seed, 'zones');
  const random = createRandom(seed, 'jitter');
  let tracks = noTracks;
  for (let frame = 0; frame < frames; frame += 1) {
    const atMs = Math.round((frame * 1_000) / fps);
    truth.step(atMs, whoIsThere(atMs, scene.truth(frame)));
    const [next, { people }] = stepTracks(
      tracks,
      {
        deviceId: `scene-${seed}`,
        lane: 'live',
        atMs,
        unseenBeforeMs: tracks.atMs,
        aspect: WIDTH_PX / HEIGHT_PX,
        sightings: await find(scene, frame, random),
      },
      { ...usualTracking, sureConfidence, faintConfidence },
    );
    tracks = next;
    ours.step(atMs, people);
  }
  // Until whoever was last seen is absent.
  for (let atMs = seconds * 1_000; atMs <= seconds * 1_000 + 15_000; atMs += 1_000) {
    truth.step(atMs, []);
    ours.step(atMs, []);
  }
  return { truth: truth.counts, ours: ours.counts };
}

/** An empty picture is not made: who is not there is not found where boxes are drawn from the truth. */
async function find(scene: Scene, frame: number, random: Random): Promise<readonly Sighting[]> {
  const truth = scene.truth(frame);
  if (isJitter && truth.length === 0) return [];
  const picture = await pictureFor(model, await scene.render(frame), `frame ${frame}`);
  const objects = isJitter ? jittered(truth, { random, missedShare }) : await model.detect(picture);
  return objects
    .filter(({ className }) => className === 'person')
    .map(({ box, confidence }) => ({ box, confidence, appearance: appearanceOf(picture, box) }));
}
