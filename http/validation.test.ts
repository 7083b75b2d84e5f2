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
