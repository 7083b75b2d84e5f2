import { expect, test } from 'vitest';
import type { AvroField, AvroRecord } from './avro.ts';
import { generateTypes } from './generate-types.ts';

const a: AvroRecord = { type: 'record', name: 'A', fields: [{ name: 'x', type: 'long', doc: 'X.' }] };
const b: AvroRecord = { type: 'record', name: 'B', fields: [] };
const c: AvroRecord = { type: 'record', name: 'C', fields: [] };

test('a union of records is told apart by kind', () => {
  const text = typesOf({ name: 'one_of', type: [a, b, c] });
  expect(text).toContain("export interface A {\n  readonly kind: 'A';\n  /** X. */\n  readonly x: number;\n}");
  expect(text).toContain('export type FrameOneOf =\n  | A\n  | B\n  | C;');
  expect(text).toContain('readonly one_of: FrameOneOf;');
});

test('what may be absent is null', () => {
  expect(typesOf({ name: 'maybe', type: ['null', 'bytes'] })).toContain('readonly maybe: Buffer | null;');
  expect(typesOf({ name: 'many', type: { type: 'array', items: ['null', a] } })).toContain('readonly (A | null)[]');
});

test.each<[string, readonly AvroField[], RegExp]>([
  ['null comes last', [{ name: 'f', type: ['string', 'null'] }], /write \["null", type\]/],
  ['a union mixes records and others', [{ name: 'f', type: ['null', a, b] }], /or of records only/],
  [
    'records of a union lie in a list',
    [{ name: 'f', type: { type: 'array', items: [a, b, c] } }],
    /at the top of a record/,
  ],
  [
    'a record with a kind is used alone',
    [
      { name: 'f', type: [a, b, c] },
      { name: 'g', type: 'A' },
    ],
    /on its own/,
  ],
  ['a field is not explained', [{ name: 'f', type: 'int', doc: '' }], /Frame.f has no doc/],
])('refused: %s', (_, fields, reason) => {
  expect(() => typesOf(...fields)).toThrow(reason);
});

test('refused: one name for two things', () => {
  const one = { name: 'frame', schema: frame({ name: 'f', type: a }) } as const;
  const other = {
    name: 'control',
    schema: { ...frame({ name: 'f', type: { ...a, fields: [] } }), name: 'Control' },
  } as const;
  expect(() => generateTypes([one, other])).toThrow('A differs from file to file');
});

function typesOf(...fields: readonly AvroField[]): string {
  return generateTypes([{ name: 'frame', schema: frame(...fields) }]);
}

function frame(...fields: readonly AvroField[]): AvroRecord {
  return { type: 'record', name: 'Frame', fields: fields.map((field) => ({ doc: 'Any.', ...field })) };
}
