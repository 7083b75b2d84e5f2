import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { type Model, openModel } from '../ports/detector/model.ts';
import type { ModelDescription } from '../ports/detector/model-description.ts';
import type { Picture } from '../ports/detector/picture.ts';
import { median } from './bench/median.ts';
import { type DataSet, readFrames, readHeldOut, readSequence } from './eval/data-sets.ts';
import { pictureFor, readPicture } from './models/read-picture.ts';
import { openPython } from './python/open-python.ts';
import { SHARED_DATA } from './shared-data.ts';

/**
 * `npm run eval:detector [-- --model FILE]`: how well our weights find people, and how fast, beside the public models,
 * all in one run: the held-out pictures and two street sequences, of which nothing was trained on. The precision is
 * COCO's own. A clip of cars, with nobody in it, tells how often somebody is seen who is not there.
 */
const PUBLIC = ['yolox_nano_256x320', 'yolox_nano_416x416', 'rtmdet_nano', 'picodet_s_320_coco', 'FastestDet'];
/** As COCO is evaluated: nearly all that is put out counts, by its confidence. */
const AS_EVALUATED: ModelDescription = { confidence: { person: 0.01 }, overlapMax: 0.65 };
const LATENCY_ROUNDS = 100;
/** One frame in eight. */
const CARS = { clip: 'car-detection.mp4', fps: 12.5 / 8 };

const { values } = parseArgs({ options: { model: { type: 'string', multiple: true, default: [] } } });
if (!existsSync(join(SHARED_DATA, 'train-person.tar'))) {
  console.error(
    `There is no ${SHARED_DATA}/train-person.tar. SHARED_DATA names the folder of the marked pictures, which are not part of this repository: train-person.tar, mot/ (MOTChallenge 2015), models/ and clips/.`,
  );
  process.exit(1);
}
const opened = await openPython(new URL('./python/vision.txt', import.meta.url));
if ('missing' in opened) {
  console.error(`This needs ${opened.missing}`);
  process.exit(1);
}
const { python } = opened;
const folder = mkdtempSync(join(tmpdir(), 'passerby-eval-'));
try {
  await evaluate();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function evaluate(): Promise<void> {
  const shipped = modelOptionsOf({}).path;
  const paths = [shipped, ...values.model, ...PUBLIC.map((name) => join(SHARED_DATA, 'models', `${name}.onnx`))];
  const sets = [readHeldOut(join(folder, 'pack')), readSequence('TUD-Campus'), readSequence('ETH-Sunnyday')];
  const scores = new Map<string, ReadonlyMap<string, Score>>();
  for (const set of sets) scores.set(set.name, await score(set, paths));
  for (const { name, pictures } of sets) {
    const people = pictures.reduce((sum, { boxes }) => sum + boxes.length, 0);
    console.log(`\n${name}: ${pictures.length} pictures, ${people} people`);
    console.table(byModel(paths, (path) => rounded(scores.get(name)?.get(path) as Score)));
  }

  const cars = await readFrames(CARS.clip, CARS.fps);
  if (cars === null) console.log('There is no ffmpeg: nobody has looked at the cars.');
  const [one, two] = [await medianMs(paths, 1), await medianMs(paths, 2)];
  const falseFrames = new Map<string, number>();
  for (const path of paths) falseFrames.set(path, await framesWithSomebody(path, cars ?? []));
  console.log('\nmilliseconds for a picture at one thread and at two; frames with somebody among cars without anybody');
  const msOf = (of: ReadonlyMap<string, number>, path: string) => Number(of.get(path)?.toFixed(2));
  console.table(
    byModel(paths, (path) => ({
      'ms, 1': msOf(one, path),
      'ms, 2': msOf(two, path),
      ...(cars && { cars: `${falseFrames.get(path)} of ${cars.length}` }),
    })),
  );

  const yolox = paths.find((path) => path.includes(PUBLIC[0] as string)) as string;
  const ap50 = (set: string, path: string) => scores.get(set)?.get(path)?.ap50.toFixed(3);
  const closing = {
    ap50_held_out: ap50('held out', shipped),
    ap50_campus: ap50('TUD-Campus', shipped),
    ap50_eth: ap50('ETH-Sunnyday', shipped),
    ms_1: msOf(one, shipped),
    ms_2: msOf(two, shipped),
    yolox_ap50_campus: ap50('TUD-Campus', yolox),
    yolox_ms_1: msOf(one, yolox),
  };
  console.log(
    Object.entries(closing)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  );
}

/** Of COCO: over overlaps of .50 to .95, at .50, at .75, and by the size of a person in the picture. */
type Score = Readonly<Record<'ap' | 'ap50' | 'ap75', number> & Record<'small' | 'medium' | 'large', number | null>>;

async function score({ pictures }: DataSet, paths: readonly string[]): Promise<ReadonlyMap<string, Score>> {
  const sizes = new Map<number, object>();
  const found: Record<string, object[]> = {};
  for (const path of paths) {
    const model = await openEvaluated(path, 2, AS_EVALUATED);
    found[path] = [];
    for (const [id, { path: file }] of pictures.entries()) {
      const picture = await readPicture(model, file);
      const { width, height } = picture.original;
      sizes.set(id, { id, width, height });
      for (const { box, confidence } of await model.detect(picture)) {
        const bbox = [box.x * width, box.y * height, box.width * width, box.height * height];
        found[path].push({ image_id: id, bbox, score: confidence });
      }
    }
    await model.close();
  }
  const truth = pictures.flatMap(({ boxes }, id) =>
    boxes.map(({ left, top, width, height }) => ({ image_id: id, bbox: [left, top, width, height] })),
  );
  const answer = execFileSync(python, ['dev/eval/average_precision.py'], {
    input: JSON.stringify({ pictures: [...sizes.values()], truth, found }),
    maxBuffer: 1e9,
    stdio: 'pipe',
  });
  return new Map(Object.entries(JSON.parse(String(answer)) as Record<string, Score>));
}

async function framesWithSomebody(path: string, frames: readonly Buffer[]): Promise<number> {
  const model = await openEvaluated(path, 2);
  let count = 0;
  for (const frame of frames) {
    if ((await model.detect(await pictureFor(model, frame, CARS.clip))).length > 0) count += 1;
  }
  await model.close();
  return count;
}

/** All models in turns, so that what else the machine does falls on all of them. */
async function medianMs(paths: readonly string[], threads: number): Promise<ReadonlyMap<string, number>> {
  const open: { path: string; model: Model; picture: Picture; ms: number[] }[] = [];
  for (const path of paths) {
    const model = await openEvaluated(path, threads);
    const file = join(SHARED_DATA, 'mot/TUD-Campus/img1/000020.jpg');
    open.push({ path, model, picture: await readPicture(model, file), ms: [] });
  }
  for (let round = 0; round < LATENCY_ROUNDS; round += 1) {
    for (const { model, picture, ms } of open) {
      const beganMs = performance.now();
      await model.detect(picture);
      ms.push(performance.now() - beganMs);
    }
  }
  for (const { model } of open) await model.close();
  return new Map(open.map(({ path, ms }) => [path, median(ms)]));
}

/** Of public ones some have no names of classes inside; all were trained on COCO. */
function openEvaluated(path: string, threads: number, given: ModelDescription = {}): Promise<Model> {
  const isPublic = PUBLIC.includes(basename(path, '.onnx'));
  return openModel({ path, threads, given: { ...given, ...(isPublic && { classes: 'coco' }) } });
}

/** By their files' names, or by their paths where two have the same. */
function byModel(paths: readonly string[], row: (path: string) => object): Record<string, object> {
  const nameOf = (path: string) => basename(path, '.onnx');
  const isAlone = (path: string) => paths.filter((other) => nameOf(other) === nameOf(path)).length === 1;
  return Object.fromEntries(paths.map((path) => [isAlone(path) ? nameOf(path) : path, row(path)]));
}

function rounded(score: Score): object {
  return Object.fromEntries(
    Object.entries(score).map(([name, value]) => [name, value === null ? 'nobody' : Number(value.toFixed(3))]),
  );
}
