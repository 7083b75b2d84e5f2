import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { createAjv, createValidatorCompiler, placeFaults, pointerTo } from './validation.ts';

function faultsOf(schema: object, value: unknown): string[] {
  const validate = createAjv({}).compile(schema);
  validate(value);
  return placeFaults(validate.errors ?? []).map(({ path, detail }) => `${pointerTo(path)} ${detail}`);
}

test('one fault for each place, however many rules it breaks', () => {
  const schema = Type.Object({ 'a/b': Type.String({ minLength: 3, pattern: '^x' }), zones: Type.Array(Type.Number()) });
  expect(faultsOf(schema, { 'a/b': 'y', zones: [1, 'two', 'three'] })).toEqual([
    '#/a~1b must NOT have fewer than 3 characters; must match pattern "^x"',
    '#/zones/1 must be number',
    '#/zones/2 must be number',
  ]);
});

test('a union of words says the words', () => {
  const schema = Type.Object({ role: Type.Union([Type.Literal('viewer'), Type.Literal('admin')]) });
  expect(faultsOf(schema, { role: 'root' })).toEqual(['#/role must be one of viewer, admin']);
});

test('no more faults than anybody reads', () => {
  expect(faultsOf(Type.Array(Type.Number()), Array(1_000).fill('x'))).toHaveLength(50);
});

test('a body is taken at its word, text is not', () => {
  const schema = Type.Object({ n: Type.Integer() });
  const compile = createValidatorCompiler();
  const body = compile({ schema, httpPart: 'body', method: 'POST', url: '/' });
  const query = compile({ schema, httpPart: 'querystring', method: 'POST', url: '/' });
  expect([body({ n: '5' }), body({ n: null }), body({ n: 5 }), query({ n: '5' })]).toEqual([false, false, true, true]);
});

test('formats are checked', () => {
  expect(faultsOf(Type.String({ format: 'uuid' }), 'x')).toEqual(['# must match format "uuid"']);
  expect(faultsOf(Type.String({ format: 'uuid' }), 'f81d4fae-7dec-41d0-8765-00a0c91e6bf6')).toEqual([]);
});

test('an id that is there twice is named where it comes again, with all else that is wrong', () => {
  const item = Type.Object({ id: Type.String(), n: Type.Optional(Type.Integer()) });
  const schema = Type.Object({ zones: Type.Array(item, { 'x-unique-by': 'id' }) });
  const ids = (...given: readonly string[]) => ({ zones: given.map((id) => ({ id })) });
  expect(faultsOf(schema, ids('a', 'b', 'c'))).toEqual([]);
  expect(faultsOf(schema, ids('a', 'b', 'a', 'a'))).toEqual([
    '#/zones/2/id is there twice',
    '#/zones/3/id is there twice',
  ]);
  expect(faultsOf(schema, { zones: [{}, {}, 5, { id: 'a', n: 'x' }, { id: 'a' }] })).toEqual([
    '#/zones/0/id is missing',
    '#/zones/1/id is missing',
    '#/zones/2 must be object',
    '#/zones/3/n must be integer',
    '#/zones/4/id is there twice',
  ]);
});

test('places are alike if all that tells them apart is, whatever else they have', () => {
  const place = Type.Object({ x: Type.Number(), y: Type.Number() }, { additionalProperties: false });
  const schema = Type.Object({ points: Type.Array(place, { 'x-unique-by': 'x y' }) });
  const [a, b] = [
    { x: 0, y: 1 },
    { x: 1, y: 0 },
  ];
  expect(faultsOf(schema, { points: [a, b] })).toEqual([]);
  expect(faultsOf(schema, { points: [a, b, { y: 1, x: 0 }] })).toEqual(['#/points/2 is there twice']);
  expect(faultsOf(schema, { points: [a, { ...b, toString: '' }] })).toEqual(['#/points/1/toString is not known here']);
});
