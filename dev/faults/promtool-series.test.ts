import { describe, expect, test } from 'vitest';
import { seriesName, seriesValues } from './promtool-series.ts';

describe('series as promtool reads them', () => {
  test.each([
    [['1'], '1'],
    [['1', '1', '1'], '1x2'],
    [['1', '2', '2', '1'], '1 2x1 1'],
    [[null, null, '5'], '_x2 5'],
    [[null, '5'], '_ 5'],
    [['0.5', null, null, '7'], '0.5 stale _ 7'],
    [['1', null, '1', null], '1 stale 1 stale'],
    [[], ''],
  ])('%j is %s', (values, told) => expect(seriesValues(values)).toBe(told));

  test('names, with their labels in one order', () => {
    expect(seriesName({ topic: 'frames', __name__: 'lag', group: 'a "b"' })).toBe(
      'lag{group="a \\"b\\"", topic="frames"}',
    );
  });
});
