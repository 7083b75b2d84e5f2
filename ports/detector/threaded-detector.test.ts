import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createScene } from '../../dev/simulate/scene.ts';
import { Unusable } from '../errors.ts';
import { modelOptionsOf } from './config.ts';
import { describeDetector } from './detector.contract.ts';
import type { Detector } from './detector.ts';
import type { ModelDescription } from './model-description.ts';
import { createDecoder, type Picture } from './picture.ts';
import { openThreadedDetector } from './threaded-detector.ts';

const shipped = modelOptionsOf({});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function openShipped() {
  const detector = await openThreadedDetector(shipped);
  const stop = new AbortController();
  const running = detector.run(stop.signal);
  return {
    detector,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Of three rooms, with people in them and without. */
async function picturesFor(
  detector: Detector,
  { cameras = ['camera-1', 'camera-2', 'camera-3'], frames = 24 } = {},
): Promise<readonly Picture[]> {
  const decode = createDecoder(detector.fit);
  const pictures: Picture[] = [];
  for (const camera of cameras) {
    const scene = createScene({ seed: 1, camera, fps: 1 });
    for (let frame = 0; frame < frames; frame += 2) {
      const picture = await decode(await scene.render(frame));
      if ('code' in picture) throw new Error(picture.message);
      pictures.push(picture);
    }
  }
  return pictures;
}

describeDetector(
  'the model that is shipped, in a thread',
  async () => {
    const { detector } = await openShipped();
    expect(detector.people).toEqual({ sure: 0.52, faint: 0.39 });
    return { detector, overlapMax: 0.5, confidence: { person: 0.39 } };
  },
  (detector) => picturesFor(detector),
);

test('the event loop turns while a picture is looked at', async () => {
  const { detector, stop } = await openShipped();
  stops.push(stop);
  const [picture] = await picturesFor(detector, { cameras: ['camera-1'], frames: 1 });
  let looking = true;
  const all = Promise.all(Array.from({ length: 60 }, () => detector.detect(picture as Picture))).then(() => {
    looking = false;
  });
  const beganMs = performance.now();
  let longestMs = 0;
  for (let beforeMs = beganMs; looking; beforeMs = performance.now()) {
    await sleep(1);
    longestMs = Math.max(longestMs, performance.now() - beforeMs);
  }
  await all;
  expect(longestMs).toBeLessThan((performance.now() - beganMs) / 3);
});

test.each([1, 2, 3, 4, 5])('stopped while it looks (%i): what waits is not answered, and not waited for', async () => {
  const { detector, stop } = await openShipped();
  const [picture] = await picturesFor(detector, { cameras: ['camera-1'], frames: 1 });
  const asked = Array.from({ length: 50 }, () => detector.detect(picture as Picture));
  await asked[3];
  const outcomes = Promise.allSettled(asked);
  await stop();
  expect((await outcomes).at(-1)).toMatchObject({ status: 'rejected' });
  await expect(detector.detect(picture as Picture)).rejects.toThrow(/closed|ended/);
});

describe('what cannot be used is refused, in words', () => {
  const refusal = async (path: string) => {
    const refused = await openThreadedDetector({ path, threads: 1 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Unusable);
    expect((refused as Error).message).toContain(`The model ${path} cannot be used: `);
    return (refused as Error).message;
  };
  const inFolder = async (description: ModelDescription | string | null, work: (path: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), 'passerby-model-'));
    stops.push(async () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'mine.onnx');
    copyFileSync(shipped.path, path);
    const text = typeof description === 'string' ? description : JSON.stringify(description);
    if (description !== null) writeFileSync(join(folder, 'mine.json'), text);
    await work(path);
  };

  test('a file that is not there', async () => {
    expect(await refusal('/nowhere/at-all.onnx')).toContain('no such file');
  });

  test('a file that is no model', () =>
    inFolder(null, async (path) => {
      writeFileSync(path, 'not a model');
      expect(await refusal(path)).toMatch(/protobuf|parse|Load model/i);
    }));

  test('another file than the one that is meant', () =>
    inFolder({ sha256: 'a'.repeat(64) }, async (path) => {
      expect(await refusal(path)).toMatch(
        /its SHA-256 is [0-9a-f]{64}, but the one that the JSON beside it means has a{64}/,
      );
    }));

  test.each<[string, ModelDescription | string, RegExp]>([
    ['that is no JSON', '{', /mine\.json is not valid: .*JSON/],
    ['with a word that means nothing', '{"clases": ["person"]}', /mine\.json is not valid: .*additional/],
    ['with a size that is not the model’s', { input: { width: 640 } }, /width is 640, but the model has 384/],
    [
      'with a layout that it has not',
      { output: { layout: 'fastestdet' } },
      /not of the layout fastestdet: boxes \[1, 2268, 5\]/,
    ],
    ['with too many names', { classes: ['person', 'car'] }, /tells 1 classes apart, but 2 names are given/],
    [
      'with a confidence for nothing',
      { classes: ['person'], confidence: { cat: 0.5 } },
      /a confidence is given for cat, but its classes are person/,
    ],
  ])('a description %s', (_, description, message) =>
    inFolder(description, async (path) => {
      expect(await refusal(path)).toMatch(message);
    }),
  );

  test('a model of which nothing says what it finds', () =>
    inFolder(null, async (path) => {
      expect(await refusal(path)).toMatch(/it tells 1 classes apart, and nothing says which/);
    }));
});
