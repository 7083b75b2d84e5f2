import { describe, expect, test } from 'vitest';
import { createFiller, fitted, type InputForm } from './input-tensor.ts';
import type { InputDescription } from './model-description.ts';

/** Two pixels across, one down: red, green and blue of each, in an input of four by two. */
const picture = {
  rgb: Uint8Array.of(10, 20, 30, 40, 50, 60),
  width: 2,
  height: 1,
  original: { width: 20, height: 10 },
};
const plain: InputDescription = {
  width: 4,
  height: 2,
  colour: 'rgb',
  mean: [0, 0, 0],
  std: [1, 1, 1],
  placement: 'top-left',
  pad: 9,
};
const bytes: InputForm = { name: 'image', type: 'uint8', channelsLast: true };
const floats: InputForm = { name: 'image', type: 'float32', channelsLast: false };

const fill = (input: Partial<InputDescription>, form: InputForm) => [
  ...createFiller({ ...plain, ...input }, form)(picture),
];
const grey = (pixels: number) => Array.from({ length: 3 * pixels }, () => 9);

describe('a picture in the input', () => {
  test('pixel by pixel, at the top left, grey around it', () => {
    expect(fill({}, bytes)).toEqual([10, 20, 30, 40, 50, 60, ...grey(6)]);
  });

  test('in the middle', () => {
    expect(fill({ placement: 'centred', height: 3 }, bytes)).toEqual([
      ...grey(5),
      ...[10, 20, 30, 40, 50, 60],
      ...grey(5),
    ]);
  });

  test('blue first', () => {
    expect(fill({ colour: 'bgr' }, bytes)).toEqual([30, 20, 10, 60, 50, 40, ...grey(6)]);
  });

  test('channel by channel, each scaled in its own way, and the grey as well', () => {
    const scaled = fill({ colour: 'bgr', mean: [0, 10, 4], std: [10, 2, 1] }, floats);
    const channel = (first: number, second: number, pad: number) => [first, second, ...Array(6).fill(pad)];
    const expected = [...channel(3, 6, 0.9), ...channel(5, 20, -0.5), ...channel(6, 36, 5)];
    expect(scaled).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  });

  test('one does not show through in the next', () => {
    const filler = createFiller(plain, bytes);
    filler({ ...picture, rgb: new Uint8Array(3 * 8).fill(77), width: 4, height: 2 });
    expect([...filler(picture)]).toEqual(fill({}, bytes));
  });
});

test.each([
  ['stretched', { width: 320, height: 256 }],
  ['top-left', { width: 320, height: 180 }],
  ['centred', { width: 320, height: 180 }],
] as const)('%s, a picture of 1280 by 720 comes in at its own proportions or not', (placement, size) => {
  const input = { ...plain, width: 320, height: 256, placement };
  expect(fitted({ width: 1280, height: 720 }, input)).toEqual(size);
});

test('however long a picture is, a pixel of it comes in', () => {
  expect(fitted({ width: 8_000, height: 1 }, { ...plain, width: 320, height: 256 })).toEqual({ width: 320, height: 1 });
});
