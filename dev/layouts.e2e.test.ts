import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelOptionsOf } from '../ports/detector/config.ts';
import type { Detection } from '../ports/detector/detector.ts';
import { fitted } from '../ports/detector/input-tensor.ts';
import { type Model, openModel } from '../ports/detector/model.ts';
import type { ModelDescription } from '../ports/detector/model-description.ts';
import { needs } from '../ports/servers-under-test.ts';
import { pictureFor } from './models/read-picture.ts';
import { openPython } from './python/open-python.ts';
import { SHARED_DATA } from './shared-data.ts';
import { createScene } from './simulate/scene.ts';

/**
 * Boxes as we read them from a model, beside boxes as dev/layouts/decode.py does: another language, another decoder of
 * pictures, and the published formulas written down once more. Pictures are first brought to the network's size: how one
 * is resized moves boxes by a pixel or two, and would hide what is compared here.
 */
const opened = await openPython(new URL('./python/vision.txt', import.meta.url));
const python = 'python' in opened ? opened.python : null;
if ('missing' in opened) console.warn(`SKIPPED: dev/layouts.e2e.test.ts: ${opened.missing}`);

/** Surer than the least by this, a box of one has to be found by the other too. */
const CLEARLY = 0.05;
const CONFIDENCE_MIN = 0.4;
const OVERLAP_MAX = 0.6;
const folder = mkdtempSync(join(tmpdir(), 'passerby-layouts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ours = modelOptionsOf({}).path;
const { sha256: _, ...description } = JSON.parse(
  readFileSync(ours.replace('.onnx', '.json'), 'utf8'),
) as ModelDescription & { input: object };

describe.skipIf(!python)('our own weights', () => {
  const pictures: string[] = [];
  beforeAll(async () => {
    execFileSync(python ?? '', ['dev/layouts/derive.py', ours, folder]);
    for (const camera of ['camera-1', 'camera-2', 'camera-3']) {
      const scene = createScene({ seed: 1, camera, fps: 1 });
      for (const frame of [4, 8, 12, 16]) {
        const path = join(folder, `${camera}-${frame}.jpg`);
        writeFileSync(path, await scene.render(frame));
        pictures.push(path);
      }
    }
  });

  test.each([
    ['as they are', 'decoded', () => ours, {}],
    ['as yolov8', 'yolov8', () => join(folder, 'as-yolov8.onnx'), { output: { layout: 'yolov8' } }],
    ['as ssd', 'ssd', () => join(folder, 'as-ssd.onnx'), { output: { layout: 'ssd' } }],
  ] as const)('%s', async (_, layout, path, output) => {
    await compare({ path: path(), layout, given: { ...description, ...output }, pictures });
  });
});

const data = python !== null && existsSync(SHARED_DATA);
if (!data) console.warn('SKIPPED: the public models in dev/layouts.e2e.test.ts: ../shared/data is not there');

describe.skipIf(!data)(`public models ${needs('data')}`, () => {
  const street = ['000020', '000040', '000060'].map((name) => join(SHARED_DATA, `mot/TUD-Campus/img1/${name}.jpg`));

  test.each<[string, string, ModelDescription]>([
    ['yolox_nano_256x320', 'yolox', {}],
    ['yolox_nano_416x416', 'yolox', {}],
    ['picodet_s_320_coco', 'picodet', {}],
    ['FastestDet', 'fastestdet', {}],
    ['rtmdet_nano', 'labelled', { classes: 'coco' }],
  ])('%s', async (name, layout, given) => {
    await compare({ path: join(SHARED_DATA, 'models', `${name}.onnx`), layout, given, pictures: street });
  });

  test('yolo-v9-t-416-license-plates-end2end1', async () => {
    const path = join(SHARED_DATA, 'models/yolo-v9-t-416-license-plates-end2end1.onnx');
    const folder = join(SHARED_DATA, 'plates/eu');
    const pictures = readdirSync(folder)
      .filter((file) => file.endsWith('.jpg'))
      .map((file) => join(folder, file));
    await compare({ path, layout: 'sevens', given: { classes: ['plate'] }, pictures });
  }, 120_000);
});

interface Comparison {
  readonly path: string;
  /** What decode.py calls it. */
  readonly layout: string;
  readonly given: ModelDescription;
  readonly pictures: readonly string[];
}

async function compare({ path, layout, given, pictures }: Comparison): Promise<void> {
  const model = await openModel({
    path,
    threads: 1,
    given: {
      ...given,
      confidence: {
        '*': 1,
        [typeof given.classes === 'object' ? (given.classes[0] as string) : 'person']: CONFIDENCE_MIN,
      },
      overlapMax: OVERLAP_MAX,
    },
  });
  const fitting: string[] = [];
  for (const [at, picture] of pictures.entries()) {
    const path = join(folder, `${layout}-${at}.jpg`);
    const { width, height } = await sharp(readFileSync(picture)).metadata();
    const size = fitted({ width, height }, model.understood.input);
    writeFileSync(
      path,
      await sharp(readFileSync(picture))
        .resize(size.width, size.height, { fit: 'fill' })
        .jpeg({ quality: 95 })
        .toBuffer(),
    );
    fitting.push(path);
  }
  const theirs = decodeInPython(fitting.map((picture) => ({ ...jobFor(model, path), layout, picture })));
  let compared = 0;
  for (const [at, picture] of fitting.entries()) {
    const found = await detect(model, picture);
    const [some, others] = [found, theirs[at] ?? []];
    for (const [clear, among] of [
      [some, others],
      [others, some],
    ] as const) {
      for (const box of clear.filter(({ score }) => score > CONFIDENCE_MIN + CLEARLY)) {
        const distances = among.map((other) =>
          Math.max(...box.box.map((side, at) => Math.abs(side - (other.box[at] ?? 0)))),
        );
        expect(Math.min(...distances), `${picture}: ${JSON.stringify(box)} of ${JSON.stringify(among)}`).toBeLessThan(
          1,
        );
        compared += 1;
      }
    }
  }
  await model.close();
  // Boxes in both, or there was nothing to compare.
  expect(compared).toBeGreaterThan(4);
}

interface Found {
  readonly score: number;
  /** Left, top, right and bottom in pixels of the picture. */
  readonly box: readonly number[];
}

async function detect(model: Model, path: string): Promise<Found[]> {
  // By sharp, whose pixels are those that OpenCV has: it is the reading of boxes that is compared.
  const picture = await pictureFor(model, readFileSync(path), path, null);
  const { width, height } = picture.original;
  return (await model.detect(picture)).map(({ confidence, box }: Detection) => ({
    score: confidence,
    box: [box.x * width, box.y * height, (box.x + box.width) * width, (box.y + box.height) * height],
  }));
}

function jobFor({ understood: { input }, form: { channelsLast } }: Model, model: string) {
  const { width, height, colour, mean, std, placement } = input;
  const size = [width, height];
  return {
    model,
    size,
    colour,
    mean,
    std,
    placement,
    channels_last: channelsLast,
    score_min: CONFIDENCE_MIN,
    overlap_max: OVERLAP_MAX,
  };
}

function decodeInPython(jobs: readonly object[]): Found[][] {
  const answer = execFileSync(python ?? '', ['dev/layouts/decode.py'], { input: JSON.stringify(jobs) });
  return JSON.parse(String(answer)) as Found[][];
}
