import { describe, expect, test } from 'vitest';
import type { AvroField, AvroRecord } from './avro.ts';
import { createCodec } from './codec.ts';
import { incompatibilities } from './compatibility.ts';
import { fingerprintOf } from './fingerprint.ts';
import { current } from './registry.ts';
import { samplesOf } from './sample.ts';
import type { RecordName } from './types.ts';

const frame = schemaOf('frame');
const event = schemaOf('event');
const control = schemaOf('control');

describe('a change is refused that', () => {
  test.each<[string, AvroRecord, RegExp]>([
    [
      'removes a default',
      changed(frame, 'device_time', ({ default: _, ...field }) => field),
      /device_time: its default/,
    ],
    ['changes a default', changed(frame, 'time_quality', (field) => ({ ...field, default: 'ntp' })), /its default/],
    ['renames a field', changed(frame, 'seq', (field) => ({ ...field, name: 'number' })), /no matching field/],
    [
      'renames a field with a default',
      changed(frame, 'device_time', (f) => ({ ...f, name: 'told_at' })),
      /device_time: it is gone/,
    ],
    ['removes a field', without(frame, 'device_time'), /device_time: it is gone/],
    [
      'adds a field without a default',
      added(frame, { name: 'field_of_a_test', type: 'int' }),
      /default-less passerby.Frame.field_of_a_test/,
    ],
    ['widens a type', changed(frame, 'size_bytes', (field) => ({ ...field, type: 'long' })), /old readers cannot/],
    [
      'narrows a type',
      changed(frame, 'seq', (field) => ({ ...field, type: 'int' })),
      /old readers cannot|old bytes cannot/,
    ],
    ['makes text of bytes', changed(schemaOf('tracker-state'), 'state', (f) => ({ ...f, type: 'string' })), /another/],
    [
      'makes a field nullable',
      changed(frame, 'source', (f) => ({ ...f, type: ['null', 'string'] })),
      /old readers cannot/,
    ],
    [
      'changes what a number means',
      changed(frame, 'captured_at', (f) => ({ ...f, type: 'long' })),
      /its type is another/,
    ],
    ['resizes a fixed', edited(frame, '"size":32', '"size":20'), /old bytes cannot/],
    ['removes a symbol', edited(event, '"anpr",', ''), /anpr is gone/],
    [
      'adds a symbol to an enum without a default',
      edited(event, '"closed"]', '"closed","merged"]'),
      /old readers cannot/,
    ],
    [
      'adds a branch to a union',
      changed(event, 'payload', (f) => ({ ...f, type: [...branches(f), newBranch] })),
      /old readers cannot/,
    ],
    [
      'removes a branch of a union',
      changed(control, 'body', (f) => ({ ...f, type: branches(f).slice(1) })),
      /branches/,
    ],
    [
      'moves a branch of a union',
      changed(control, 'body', (f) => ({ ...f, type: [...branches(f)].reverse() })),
      /is now/,
    ],
    ['breaks the file', edited(event, '"items":"Box"', '"items":"Bocks"'), /Bocks/],
    ['renames a field deep inside', edited(event, '"peak_score"', '"top_score"'), /old readers cannot/],
  ])('%s', (_, after, reason) => {
    const before = [...current.values()].find(({ schema }) => schema.name === after.name)?.schema ?? frame;
    expect(incompatibilities(before, after).join('\n')).toMatch(reason);
    expect(fingerprintOf(after)).not.toBe(fingerprintOf(before));
  });
});

describe('a change passes that', () => {
  const newField = { name: 'field_of_a_test', type: ['null', 'double'], default: null } as const;

  test.each<[string, AvroRecord, AvroRecord]>([
    ['adds a field with a default', frame, added(frame, newField)],
    ['adds one first', frame, { ...frame, fields: [newField, ...frame.fields] }],
    [
      'adds one deep inside',
      event,
      edited(event, '{"name":"peak_score"', '{"name":"field_of_a_test","type":"int","default":1},{"name":"peak_score"'),
    ],
    ['adds a symbol to an enum with a default', event, edited(event, '"unknown"]', '"unknown","fire"]')],
    ['words a doc anew', frame, { ...frame, doc: 'A frame.' }],
  ])('%s', (_, before, after) => {
    expect(incompatibilities(before, after)).toEqual([]);
  });

  test('and then both sides read each other', () => {
    const before = { id: 1, name: 'frame', version: 1, schema: frame } as const;
    const after = { id: 2, name: 'frame', version: 2, schema: added(frame, newField) } as const;
    const [old, both, reversed] = [createCodec([before]), createCodec([before, after]), createCodec([after, before])];
    for (const value of samplesOf(frame)) {
      const bytes = old.encode('frame', value as never);
      expect(both.decode(bytes).value).toEqual({ ...value, field_of_a_test: null });
      expect(reversed.decode(both.encode('frame', { ...value, field_of_a_test: 2 } as never)).value).toEqual(value);
    }
  });
});

test('a doc leaves the fingerprint as it is', () => {
  expect(fingerprintOf({ ...frame, doc: 'A frame.' })).toBe(fingerprintOf(frame));
});

const newBranch = { type: 'record', name: 'Fire', fields: [] } as const;

function schemaOf(name: RecordName): AvroRecord {
  const found = current.get(name);
  if (!found) throw new Error(`no schema for ${name}`);
  return found.schema;
}

function branches(field: AvroField) {
  return Array.isArray(field.type) ? field.type : [];
}

function changed(schema: AvroRecord, name: string, change: (field: AvroField) => AvroField): AvroRecord {
  return { ...schema, fields: schema.fields.map((field) => (field.name === name ? change(field) : field)) };
}

function added(schema: AvroRecord, field: AvroField): AvroRecord {
  return { ...schema, fields: [...schema.fields, field] };
}

function without(schema: AvroRecord, name: string): AvroRecord {
  return { ...schema, fields: schema.fields.filter((field) => field.name !== name) };
}

function edited(schema: AvroRecord, from: string, to: string): AvroRecord {
  const text = JSON.stringify(schema);
  if (!text.includes(from)) throw new Error(`${schema.name} does not say ${from}`);
  return JSON.parse(text.replace(from, to));
}
