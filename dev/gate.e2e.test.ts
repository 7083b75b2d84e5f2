import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { pixelsOf, shrinkToGrey } from '../ports/detector/grey.ts';
import { openModel } from '../ports/detector/model.ts';
import { needs } from '../ports/servers-under-test.ts';
import { type Background, senseMotion } from '../processor/background.ts';
import { closedGate, stepGate } from '../processor/gate.ts';
import { motionGrid } from '../processor/motion.ts';
import { builtInSettings } from '../schemas/device-settings.ts';
import { readFrames } from './eval/data-sets.ts';
import { pictureFor } from './models/read-picture.ts';
import { SHARED_DATA } from './shared-data.ts';

const { motion_cell_change: cellChangeMin, motion_score: scoreMin } = builtInSettings.thresholds;
const CLIP = 'one-by-one-person-detection.mp4';
const STEP_MS = 400;
const SURE = 0.5;

const clip = existsSync(SHARED_DATA) && (await readFrames(CLIP, 1_000 / STEP_MS));
if (!clip) console.warn('SKIPPED: the clip in dev/gate.e2e.test.ts: it, or ffmpeg, is not there');

describe.skipIf(!clip)(`people who pass one by one ${needs('data')}`, () => {
  test('nobody of whom the detector is sure is passed over, and of the looks 3 of 4 find somebody', async () => {
    const model = await openModel(modelOptionsOf({ DETECTOR_THREADS: 1 }));
    const count = { people: 0, passedOver: 0, looks: 0, found: 0 };
    let [background, gate]: [Background | null, typeof closedGate] = [null, closedGate];
    for (const [index, jpeg] of (clip || []).entries()) {
      const picture = await pictureFor(model, jpeg, CLIP);
      const people = await model.detect(picture);
      const grey = shrinkToGrey(pixelsOf(picture.rgb), picture, {
        width: motionGrid.columns,
        height: motionGrid.rows,
      });
      const atMs = index * STEP_MS;
      const sensing = { ...motionGrid, cellChangeMin, scoreMin, absorbMs: 60_000, hasTracks: false, atMs };
      const [learnt, { present }] = senseMotion(background, grey, sensing);
      const input = { atMs, present, inSight: false, hasTracks: false, hasVisits: false };
      const [next, look] = stepGate(gate, input, { lookEveryMs: 30_000, lookAfterMs: 0 });
      [background, gate] = [learnt, next];
      const isSure = people.some(({ confidence }) => confidence >= SURE);
      if (isSure) count.people += 1;
      if (isSure && !look) count.passedOver += 1;
      if (look) count.looks += 1;
      if (look && people.length > 0) count.found += 1;
    }
    await model.close();
    expect(count.people).toBeGreaterThan(200);
    expect(count.passedOver).toBe(0);
    expect(count.found / count.looks, JSON.stringify(count)).toBeGreaterThan(0.75);
    expect(count.looks).toBeLessThan((clip || []).length * 0.9);
  }, 120_000);
});
