import { describe, expect, test } from 'vitest';
import type { OutputDescription } from '../model-description.ts';
import { layouts } from './all.ts';
import type { Candidate, Output, Wanted } from './layout.ts';

/**
 * Outputs made by hand for an input of 96 by 64, in which one cell or row is sure of something; the box that it says
 * can be followed by reading. Real models of each family are compared with another decoding in dev/layouts.e2e.test.ts.
 */
const input = { width: 96, height: 64 };
/** 12 by 8, 6 by 4 and 3 by 2 cells. */
const CELLS = 96 + 24 + 6;
const people: readonly Wanted[] = [{ index: 0, confidenceMin: 0.5 }];

describe('yolox', () => {
  /** The second row's third cell at stride 16. */
  const cell = 96 + 6 + 2;

  test('not decoded: from the corner of its cell, sides by their logarithms', () => {
    const rows = rowsOf(CELLS, 7, { [cell]: [0.5, 0.25, Math.log(2), Math.log(1.5), 0.9, 0.8, 0.1] });
    expect(open([rows])).toMatchObject({ layout: 'yolox', classCount: 2 });
    expect(read([rows])).toEqual([near({ x: 40, y: 20, width: 32, height: 24, confidence: 0.72 })]);
  });

  test('decoded: pixels; a row of five is sure of its only class', () => {
    const rows = rowsOf(CELLS, 5, { [cell]: [40, 20, 32, 24, 0.72] });
    for (let row = 0; row < CELLS; row += 1) if (row !== cell) (rows.data as Float32Array)[row * 5] = 48;
    expect(open([rows])).toMatchObject({
      layout: 'yolox',
      classCount: 1,
      because: expect.stringContaining('are decoded'),
    });
    expect(read([rows])).toEqual([near({ x: 40, y: 20, width: 32, height: 24, confidence: 0.72 })]);
  });

  test('what is said of it counts more than what it looks like', () => {
    const rows = rowsOf(CELLS, 5, { [cell]: [40, 20, 32, 24, 0.72] });
    expect(read([rows], { layout: 'yolox', decoded: true })).toEqual([
      near({ x: 40, y: 20, width: 32, height: 24, confidence: 0.72 }),
    ]);
  });

  test('tells the surest of the wanted classes, whatever else it may be', () => {
    const rows = rowsOf(CELLS, 8, { [cell]: [0, 0, 0, 0, 1, 0.6, 0.9, 0.7] });
    const found = read([rows], {}, [
      { index: 0, confidenceMin: 0.5 },
      { index: 2, confidenceMin: 0.5 },
    ]);
    expect(found).toMatchObject([{ classIndex: 2, confidence: expect.closeTo(0.7) }]);
    expect(read([rows], {}, [{ index: 1, confidenceMin: 0.95 }])).toEqual([]);
  });
});

test('yolov8: a column for each cell', () => {
  const columns = columnsOf(6, CELLS, { 5: [40, 20, 32, 24, 0.72, 0.3] });
  expect(open([columns])).toMatchObject({ layout: 'yolov8', classCount: 2 });
  expect(read([columns])).toEqual([near({ x: 40, y: 20, width: 32, height: 24, confidence: 0.72 })]);
});

describe('distributions', () => {
  /** Sure of 3 steps, and torn between 1 and 2. */
  const [three, oneAndHalf] = [
    [0, 0, 0, 40, 0, 0, 0, 0],
    [0, 40, 40, 0, 0, 0, 0, 0],
  ];
  const sides = [...three, ...oneAndHalf, ...three, ...oneAndHalf];

  test('PicoDet: maps for each level, from the middle of the cell', () => {
    const counts = [96, 24, 6, 2];
    const scores = counts.map((count) => rowsOf(count, 3, {}));
    const distances = counts.map((count) => rowsOf(count, 32, {}));
    // At stride 8, the second cell of the second row: its middle is at 12, 12.
    scores[0] = rowsOf(96, 3, { 13: [0.8, 0, 0] });
    distances[0] = rowsOf(96, 32, { 13: sides });
    const outputs = [...scores, ...distances];
    expect(open(outputs)).toMatchObject({ layout: 'distributions', classCount: 3 });
    expect(read(outputs)).toEqual([near({ x: 12, y: 12, width: 48, height: 24, confidence: 0.8 })]);
  });

  test('NanoDet: a row for each cell of all levels, from its corner', () => {
    const cells = CELLS + 2;
    const rows = rowsOf(cells, 34, { 13: [0.8, 0, ...sides] });
    expect(open([rows])).toMatchObject({ layout: 'distributions', classCount: 2 });
    expect(read([rows])).toEqual([near({ x: 8, y: 8, width: 48, height: 24, confidence: 0.8 })]);
  });

  test('of three levels they are told from yolox by logarithms where that says how sure it is', () => {
    const rows = rowsOf(CELLS, 34, { 13: [0.8, 0, ...sides] });
    expect(open([rows])).toMatchObject({ layout: 'distributions', classCount: 2 });
    expect(read([rows])).toEqual([near({ x: 12, y: 12, width: 48, height: 24, confidence: 0.8 })]);
  });
});

test('fastestdet: one map at a sixteenth', () => {
  const cell = 6 + 2;
  const map = { name: 'output', dims: [1, 7, 4, 6], data: new Float32Array(7 * 24) };
  for (const [channel, value] of [0.9, Math.atanh(0.5), Math.atanh(0.25), 0, -Math.log(3), 0.8, 0.1].entries()) {
    map.data[channel * 24 + cell] = value;
  }
  expect(open([map])).toMatchObject({ layout: 'fastestdet', classCount: 2 });
  const confidence = 0.9 ** 0.6 * 0.8 ** 0.4;
  expect(read([map])).toEqual([near({ x: 40, y: 20, width: 48, height: 16, confidence })]);
});

describe('ssd', () => {
  const scores = rowsOf(50, 3, { 7: [0.2, 0.7, 0.1] }, 'scores');

  test('shares of the input, and a first class for nothing', () => {
    const boxes = rowsOf(50, 4, { 7: [0.25, 0.125, 0.5, 0.5] }, 'boxes');
    expect(open([scores, boxes])).toMatchObject({ layout: 'ssd', classCount: 2 });
    expect(read([scores, boxes])).toEqual([near({ x: 36, y: 20, width: 24, height: 24, confidence: 0.7 })]);
  });

  test('of four classes, boxes are told by their name, and not guessed', () => {
    const four = rowsOf(50, 4, { 7: [0.2, 0.7, 0.1, 0.1] }, 'scores');
    const boxes = rowsOf(50, 4, { 7: [0.25, 0.125, 0.5, 0.5] }, 'boxes');
    expect(read([four, boxes])).toEqual([near({ x: 36, y: 20, width: 24, height: 24, confidence: 0.7 })]);
    expect(
      open([
        { ...four, name: '812' },
        { ...boxes, name: '813' },
      ]),
    ).toBeNull();
  });

  test('pixels, and no such class', () => {
    const boxes = rowsOf(50, 4, { 7: [24, 8, 48, 32] }, 'boxes');
    expect(read([boxes, scores], { background: false }, [{ index: 1, confidenceMin: 0.5 }])).toEqual([
      { ...near({ x: 36, y: 20, width: 24, height: 24, confidence: 0.7 }), classIndex: 1 },
    ]);
  });
});

describe('end to end', () => {
  const expected = near({ x: 36, y: 20, width: 24, height: 24, confidence: 0.7 });

  test.each<[string, readonly Output[], Partial<OutputDescription>?]>([
    ['rows of seven', [table([[0, 24, 8, 48, 32, 0, 0.7]])]],
    ['rows of six in a batch', [batched([[24, 8, 48, 32, 0.7, 0]])]],
    [
      'rows of six, otherwise',
      [batched([[0, 0.7, 24, 8, 48, 32]])],
      { columns: ['class', 'score', 'x1', 'y1', 'x2', 'y2'] },
    ],
    ['boxes with their scores, and labels', [batched([[24, 8, 48, 32, 0.7]], 'dets'), flat('labels', [0])]],
    ['three tensors', [batched([[24, 8, 48, 32]], 'boxes'), flat('labels', [0]), flat('scores', [0.7])]],
    [
      'TensorFlow’s four, padded',
      [
        batched(
          [
            [0.125, 0.25, 0.5, 0.5],
            [0, 0, 0, 0],
          ],
          'detection_boxes',
        ),
        flat('detection_classes', [1, 1]),
        flat('detection_scores', [0.7, 0]),
        flat('num_detections', [1]),
      ],
    ],
  ])('%s', (_, outputs, given) => {
    expect(open(outputs, given)).toMatchObject({ layout: 'end-to-end', classCount: null });
    expect(read(outputs, given)).toEqual([expected]);
  });

  test('no row at all is nobody', () => {
    expect(read([{ name: 'dets', dims: [1, 0, 5], data: [] }, flat('labels', [])])).toEqual([]);
  });
});

test.each<[string, readonly Output[]]>([
  ['features', [{ name: 'features', dims: [1, 512], data: new Float32Array(512) }]],
  ['another number of cells', [rowsOf(CELLS + 1, 85, {})]],
  ['two pictures at once', [{ name: 'output', dims: [2, CELLS, 85], data: new Float32Array(2 * CELLS * 85) }]],
  ['YOLOv5’s rows', [rowsOf(3 * CELLS, 6, { 4: [40, 20, 32, 24, 0.1, 0.2] })]],
  ['nothing', []],
])('%s are of no layout', (_, outputs) => {
  expect(open(outputs)).toBeNull();
});

function open(outputs: readonly Output[], given: Partial<OutputDescription> = {}) {
  for (const layout of layouts) {
    if (given.layout !== undefined && given.layout !== layout.name) continue;
    const reading = layout.open({ outputs, input }, given);
    if (reading) return { layout: layout.name, ...reading };
  }
  return null;
}

function read(outputs: readonly Output[], given: Partial<OutputDescription> = {}, wanted = people): Candidate[] {
  return open(outputs, given)?.read(outputs, wanted) ?? [];
}

/** Rows of nothing but those that are given. */
function rowsOf(
  rows: number,
  columns: number,
  given: Readonly<Record<number, readonly number[]>>,
  name = 'output',
): Output {
  const data = new Float32Array(rows * columns);
  for (const [row, values] of Object.entries(given)) data.set(values, Number(row) * columns);
  return { name, dims: [1, rows, columns], data };
}

function columnsOf(rows: number, columns: number, given: Readonly<Record<number, readonly number[]>>): Output {
  const data = new Float32Array(rows * columns);
  for (const [column, values] of Object.entries(given)) {
    for (const [row, value] of values.entries()) data[row * columns + Number(column)] = value;
  }
  return { name: 'output', dims: [1, rows, columns], data };
}

function table(rows: readonly (readonly number[])[], name = 'output'): Output {
  return { name, dims: [rows.length, rows[0]?.length ?? 0], data: rows.flat() };
}

function batched(rows: readonly (readonly number[])[], name = 'output'): Output {
  const { dims, ...rest } = table(rows, name);
  return { ...rest, dims: [1, ...dims] };
}

function flat(name: string, data: readonly number[]): Output {
  return { name, dims: [1, data.length], data };
}

function near({ x, y, width, height, confidence }: Record<'x' | 'y' | 'width' | 'height' | 'confidence', number>) {
  return {
    left: expect.closeTo(x - width / 2, 4),
    top: expect.closeTo(y - height / 2, 4),
    right: expect.closeTo(x + width / 2, 4),
    bottom: expect.closeTo(y + height / 2, 4),
    confidence: expect.closeTo(confidence, 4),
    classIndex: 0,
  };
}
