import { describe, expect, test } from 'vitest';
import { Unusable } from '../errors.ts';
import { cocoClasses } from './class-names.ts';
import type { ModelDescription } from './model-description.ts';
import { type ModelShapes, understandInput, understandOutput } from './understand-model.ts';

const float = { name: 'images', type: 'float32', channelsLast: false, width: 96, height: 64 } as const;

/** YOLOv8's columns for an input of 96 by 64. */
function understand(
  classCount: number,
  {
    metadata = {},
    given = {},
    type = 'float32',
  }: {
    readonly metadata?: Readonly<Record<string, string>>;
    readonly given?: ModelDescription;
    readonly type?: 'float32' | 'uint8';
  } = {},
) {
  const dims = [1, 4 + classCount, 96 + 24 + 6];
  const output = { name: 'output0', dims, data: new Float32Array(dims.reduce((product, side) => product * side)) };
  return understandOutput([output], { form: { ...float, type }, metadata: new Map(Object.entries(metadata)), given });
}

describe('classes', () => {
  test('are those of the JSON, else of the metadata, else of COCO if there are eighty', () => {
    const metadata = { names: `{0: 'person', 1: "dog's", 2: 'potted plant'}` };
    expect(understand(3, { metadata }).classes).toEqual(['person', "dog's", 'potted plant']);
    expect(understand(3, { metadata, given: { classes: ['a', 'b', 'c'] } }).classes).toEqual(['a', 'b', 'c']);
    expect(understand(80).classes).toEqual(cocoClasses);
    expect(understand(80, { given: { classes: 'coco' } }).classes).toEqual(cocoClasses);
  });

  test('are in the order of their numbers, and each is named once', () => {
    expect(understand(2, { metadata: { names: "{1: 'person', 0: 'car'}" } }).classes).toEqual(['car', 'person']);
    expect(() => understand(2, { metadata: { names: "{0: 'person', 2: 'car'}" } })).toThrow(/nothing says which/);
    expect(() => understand(2, { given: { classes: ['person', 'person'] } })).toThrow(/twice: person/);
  });

  test('may be called anything', () => {
    const { wanted } = understand(2, { given: { classes: ['constructor', 'car'], confidence: { '*': 0.5 } } });
    expect(wanted.map(({ confidenceMin }) => confidenceMin)).toEqual([0.5, 0.5]);
  });

  test.each([1, 2, 81])('%i that nothing names are not guessed', (count) => {
    expect(() => understand(count)).toThrow(Unusable);
    expect(() => understand(count)).toThrow(/"classes": \["person"\]/);
  });

  test('persons alone are told of, where there are any and nothing else is asked for', () => {
    expect(understand(80).wanted).toEqual([{ index: 0, confidenceMin: 0.4 }]);
    expect(understand(2, { given: { classes: ['cat', 'dog'] } }).wanted).toEqual([
      { index: 0, confidenceMin: 0.4 },
      { index: 1, confidenceMin: 0.4 },
    ]);
    const given: ModelDescription = { classes: ['cat', 'dog'], confidence: { dog: 0.7 } };
    expect(understand(2, { given }).wanted).toEqual([{ index: 1, confidenceMin: 0.7 }]);
  });
});

describe('an input of bytes', () => {
  test('is given them as they are, whatever models of its layout usually want', () => {
    expect(understand(80).input).toMatchObject({ std: [255, 255, 255] });
    expect(understand(80, { type: 'uint8' }).input).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  test('holds no fractions', () => {
    const given: ModelDescription = { input: { std: [255, 255, 255] } };
    expect(() => understand(80, { type: 'uint8', given })).toThrow(/uint8, which holds 0 to 255/);
  });
});

describe('the size of the input', () => {
  const open = (shape: readonly (number | string)[], metadata = {}, given: ModelDescription = {}) => {
    const shapes: ModelShapes = {
      inputs: [{ name: 'images', type: 'float32', shape }],
      metadata: new Map(Object.entries(metadata)),
    };
    const { width, height, channelsLast } = understandInput(shapes, given);
    return [width, height, channelsLast];
  };

  test.each([
    ['its shape', [1, 3, 256, 320], {}, {}, [320, 256, false]],
    ['its shape, channels last', ['n', 256, 320, 3], {}, {}, [320, 256, true]],
    ['the metadata', ['n', 3, 'h', 'w'], { imgsz: '[480, 640]' }, {}, [640, 480, false]],
    ['the JSON', ['n', 3, 'h', 'w'], { imgsz: '[480, 640]' }, { input: { width: 64, height: 32 } }, [64, 32, false]],
    ['nobody', ['n', 3, 'h', 'w'], {}, {}, [320, 320, false]],
  ])('is said by %s', (_, shape, metadata, given, expected) => {
    expect(open(shape, metadata, given)).toEqual(expected);
  });

  test.each([
    ['two pictures at once', [2, 3, 64, 64], /takes no single picture/],
    ['one channel', [1, 1, 64, 64], /\[n, 3, height, width\]/],
    ['no size that a picture has', [1, 3, 'h', 'w'], /1 by 0; 32 to 4096/],
    ['no picture', [1, 512], /\[n, 3, height, width\]/],
  ])('of %s is refused', (_, shape, message) => {
    expect(() => open(shape, { imgsz: '[0, 1]' })).toThrow(message);
  });
});
