import { beforeAll, describe, expect, test } from 'vitest';
import type { Detection, Detector } from './detector.ts';
import { overlap } from './overlap-under-test.ts';
import type { NoPicture, Picture } from './picture.ts';

export interface DetectorUnderTest {
  readonly detector: Detector;
  readonly overlapMax: number;
  /** From which confidence on each class is told. */
  readonly confidence: Readonly<Record<string, number>>;
}

/** What every detector promises (see detector.ts), shown with pictures in some of which it finds something. */
export function describeDetector(
  title: string,
  open: () => Promise<DetectorUnderTest>,
  pictures: (detector: Detector) => Promise<readonly Picture[]>,
): void {
  describe(`${title}, as a detector`, () => {
    let under: DetectorUnderTest;
    let shown: readonly Picture[];
    let seen: readonly (readonly Detection[])[];

    beforeAll(async () => {
      under = await open();
      shown = await pictures(under.detector);
      const all: (readonly Detection[])[] = [];
      for (const picture of shown) all.push(found(await under.detector.detect(picture)));
      seen = all;
    });

    test('finds something, and not in all of them', () => {
      expect(seen.some((boxes) => boxes.length > 0)).toBe(true);
      expect(seen.some((boxes) => boxes.length === 0)).toBe(true);
    });

    test('1: sees the same in the same, also when all are asked for at once', async () => {
      const again = await Promise.all([...shown, ...shown].map((picture) => under.detector.detect(picture)));
      expect(again).toEqual([...seen, ...seen]);
    });

    test('1: tells the surest first', () => {
      for (const boxes of seen) {
        const order = boxes.map(({ confidence }) => confidence);
        expect(order).toEqual(order.toSorted((a, b) => b - a));
      }
    });

    test('2: its boxes lie within the picture', () => {
      for (const { box } of seen.flat()) {
        for (const value of [box.x, box.y, box.width, box.height]) expect(value).toBeGreaterThanOrEqual(0);
        expect(box.width * box.height).toBeGreaterThan(0);
        expect(Math.max(box.x + box.width, box.y + box.height)).toBeLessThanOrEqual(1 + 1e-9);
      }
    });

    test('2: no two of one class overlap more than the model allows', () => {
      for (const boxes of seen) {
        for (const [at, one] of boxes.entries()) {
          const others = boxes.slice(at + 1).filter(({ className }) => className === one.className);
          for (const other of others) expect(overlap(one.box, other.box)).toBeLessThanOrEqual(under.overlapMax + 1e-6);
        }
      }
    });

    test('2: it is as sure as each class asks for', () => {
      for (const { className, confidence } of seen.flat()) {
        expect(under.confidence).toHaveProperty(className);
        expect(confidence).toBeGreaterThanOrEqual(under.confidence[className] ?? 2);
        expect(confidence).toBeLessThanOrEqual(1);
      }
    });

    test('3: a picture at which it fails has a reason, and those beside it are looked at', async () => {
      const [first] = shown;
      const broken = { ...(first as Picture), rgb: null as never };
      const answers = await Promise.all(
        [first, broken, first].map((picture) => under.detector.detect(picture as Picture)),
      );
      expect(answers).toEqual([seen[0], { code: 'detector-failed', message: expect.any(String) }, seen[0]]);
    });

    test('says which model it is, and which version', () => {
      expect(under.detector.model).toMatch(/^.+@[0-9a-f]{8}$/);
    });
  });
}

function found(answer: readonly Detection[] | NoPicture): readonly Detection[] {
  if ('code' in answer) throw new Error(answer.message);
  return answer;
}
