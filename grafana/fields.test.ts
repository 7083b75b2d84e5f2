import { describe, expect, test } from 'vitest';
import { type Field, fieldsOf, misfits } from './fields-under-test.ts';
import type { Panel, Use } from './questions.ts';

const panel = (type: string, more: Partial<Panel> = {}): Panel => {
  return { id: 1, type, title: '', gridPos: { x: 0, y: 0, w: 1, h: 1 }, ...more };
};
const bars = panel('barchart', { options: { xField: 'day' } });
const widths = panel('table', {
  fieldConfig: { defaults: {}, overrides: [{ matcher: { id: 'byName', options: 'dwell' }, properties: [] }] },
});
/** `day: string, people: number` */
const told = (text: string): Field[] =>
  text
    .split(', ')
    .flatMap((field) => (field ? [{ name: field.split(': ')[0] ?? '', type: field.split(': ')[1] ?? '' }] : []));

describe('what Grafana can show, and why not', () => {
  test.each<[string, Use, string[]]>([
    ['__text: string, __value: string', 'variable', []],
    ['type: string', 'variable', []],
    ['', 'variable', ['no row']],
    ['__text: string, id: string', 'variable', ['no texts and values']],
    ['__text: string, __value: number', 'variable', ['not in words']],
    ['time: time, text: string, tags: string', 'annotation', []],
    ['Time: time, Value: number', 'annotation', []],
    ['at: string, text: string', 'annotation', ['no time']],
    ['time: time, tags: string', 'annotation', ['no text']],
    ['', bars, []],
    ['Time: time, door: number, hall: number', panel('timeseries'), []],
    ['Time: time, door: string', panel('timeseries'), ['no number', 'no series']],
    ['door: number', panel('timeseries'), ['no series']],
    ['clock: string, devices: number', panel('stat'), []],
    ['clock: string', panel('bargauge'), ['no number']],
    ['day: string, people: number', bars, []],
    ['day: time, people: number', bars, ['no name for each bar']],
    ['who: string, dwell: number', widths, []],
    ['who: string', widths, ['no dwell']],
    ['who: other, dwell: number', widths, ['who is other']],
  ])('%s', (fields, use, wrong) => {
    expect(misfits(told(fields), use)).toEqual(wrong);
  });

  test('of columns of a PostgreSQL', () => {
    const columns = [
      { name: 'time', dataTypeID: 1700 },
      { name: 'metric', dataTypeID: 25 },
      { name: 'visits', dataTypeID: 20 },
      { name: 'data', dataTypeID: 3802 },
    ];
    const [time, metric, visits, data] = ['time: time', 'metric: string', 'visits: number', 'data: of the type 3802'];
    expect(fieldsOf(columns, 'table')).toEqual(told([time, metric, visits, data].join(', ')));
    expect(fieldsOf(columns, 'time_series')).toEqual(told([time, visits, data].join(', ')));
  });
});
