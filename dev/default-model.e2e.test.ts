import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { type Model, openModel } from '../ports/detector/model.ts';
import { overlap } from '../ports/detector/overlap-under-test.ts';
import { needs } from '../ports/servers-under-test.ts';
import type { Box } from '../schemas/types.ts';
import { readFrames } from './eval/data-sets.ts';
import { pictureFor } from './models/read-picture.ts';
import { SHARED_DATA } from './shared-data.ts';
import { createScene } from './simulate/scene.ts';

/** Of whole people in the simulator's pictures. */
const FOUND_MIN = 0.5;

/** What a new installation sees: the shipped weights at their own thresholds. */
const model = await openModel(modelOptionsOf({ DETECTOR_THREADS: 1 }));
afterAll(() => model.close());

test('the simulator’s people are found, and nobody else', async () => {
  const outcome = { people: 0, found: 0, extra: 0 };
  for (const camera of ['camera-1', 'camera-2', 'camera-3', 'camera-4', 'camera-5', 'camera-6']) {
    const scene = createScene({ seed: 1, camera, fps: 1 });
    for (let frame = 0; frame < 60; frame += 2) {
      const truth = scene.truth(frame);
      const whole = truth.filter(({ visibleShare }) => visibleShare === 1);
      const boxes = await look(model, await scene.render(frame));
      outcome.people += whole.length;
      outcome.found += countFound(whole, boxes);
      outcome.extra += boxes.filter((box) => !truth.some((person) => overlap(box, person) > 0.1)).length;
    }
  }
  expect(outcome.people).toBeGreaterThan(40);
  expect(outcome.extra).toBe(0);
  expect(outcome.found / outcome.people).toBeGreaterThan(FOUND_MIN);
});

const cars = existsSync(SHARED_DATA) && (await readFrames('car-detection.mp4', 12.5 / 8));
if (!cars) console.warn('SKIPPED: clips in dev/default-model.e2e.test.ts: they, or ffmpeg, are not there');

describe.skipIf(!cars)(`clips ${needs('data')}`, () => {
  test('who passes one by one is found, where another detector is sure of somebody', async () => {
    const other = await openModel({
      path: join(SHARED_DATA, 'models/rtmdet_nano.onnx'),
      threads: 1,
      given: { classes: 'coco', confidence: { person: 0.5 } },
    });
    const outcome = { people: 0, found: 0, boxes: 0 };
    for (const jpeg of (await readFrames('one-by-one-person-detection.mp4', 1)) ?? []) {
      const [people, boxes] = [await look(other, jpeg), await look(model, jpeg)];
      outcome.people += people.length;
      outcome.found += countFound(people, boxes);
      outcome.boxes += boxes.length;
    }
    await other.close();
    expect(outcome.people).toBeGreaterThan(90);
    expect(outcome.found / outcome.people).toBeGreaterThan(0.95);
    expect(outcome.boxes / outcome.people).toBeLessThan(1.05);
  }, 120_000);

  test('among cars there is nobody', async () => {
    expect(cars).toHaveLength(48);
    for (const [index, jpeg] of (cars || []).entries()) {
      expect(await look(model, jpeg), `frame ${index}`).toEqual([]);
    }
  });
});

async function look(model: Model, jpeg: Buffer): Promise<readonly Box[]> {
  return (await model.detect(await pictureFor(model, jpeg, 'a picture'))).map(({ box }) => box);
}

function countFound(people: readonly Box[], boxes: readonly Box[]): number {
  return people.filter((person) => boxes.some((box) => overlap(box, person) >= 0.5)).length;
}
