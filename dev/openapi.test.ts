import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createDocument,
  type Described,
  type OpenapiDocument,
  type Operation,
  textOf,
} from './openapi/create-document.ts';

/** Routes that are no part of the API. Whatever else is registered is in the document. */
const APART = [
  /^GET \/(|[\w-]+\.(js|css|svg))$/, // The page.
  /^GET \/docs(\/.*)?$/,
  /^(POST|PUT|DELETE) \/subjects\//, // All that these do is to refuse.
];

let described: Described;
let document: OpenapiDocument;
let operations: { readonly name: string; readonly operation: Operation }[];

beforeAll(async () => {
  described = await createDocument();
  document = described.document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
});

afterAll(() => described.app.close());

/** The operations of which something is not so. */
const without = (holds: (operation: Operation, name: string) => unknown) =>
  operations.filter(({ name, operation }) => !holds(operation, name)).map(({ name }) => name);

test('schemas/openapi.json is what `npm run openapi` writes', () => {
  expect(readFileSync(new URL('../schemas/openapi.json', import.meta.url), 'utf8')).toBe(textOf(document));
});

test('every route is in it, or known to be apart', () => {
  const named = new Set(operations.map(({ name }) => name));
  const told = (route: string) => named.has(route.replace(/:(\w+)/g, '{$1}'));
  const { registered } = described;
  expect(registered.length).toBeGreaterThan(20);
  expect(registered.filter((route) => !told(route) && !APART.some((apart) => apart.test(route)))).toEqual([]);
  expect(registered.filter((route) => told(route) && APART.some((apart) => apart.test(route)))).toEqual([]);
  expect(APART.filter((apart) => !registered.some((route) => apart.test(route)))).toEqual([]);
  expect(named.size).toBe(registered.filter(told).length);
});

describe('every operation', () => {
  test('has a name of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId ?? '');
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(operations.length);
    expect(ids).toContain('getCapturesByFrameIdImage');
  });

  test('says in a line what it is for, and under which of the known subjects', () => {
    const tags = document.tags.map(({ name }) => name);
    expect(without(({ summary }) => summary && !summary.endsWith('.'))).toEqual([]);
    expect(without((operation) => operation.tags?.length === 1 && tags.includes(operation.tags[0] ?? ''))).toEqual([]);
    const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
    expect(tags.filter((tag) => !used.has(tag))).toEqual([]);
  });

  test('has an answer of success, described, and problems', () => {
    // Of an upgrade 101.
    const succeeds = /^([23]\d\d|101)$/;
    expect(without(({ responses }) => Object.keys(responses).some((status) => succeeds.test(status)))).toEqual([]);
    const problem = { $ref: '#/components/responses/Problem' };
    expect(without(({ responses }) => responses.default?.$ref === problem.$ref)).toEqual([]);
    const plain = operations.flatMap(({ operation }) => Object.values(operation.responses));
    expect(plain.filter(({ description, $ref }) => !$ref && !description)).toEqual([]);
  });

  test('takes each parameter of its path, and only credentials that are explained', () => {
    expect(
      without(({ parameters = [] }, name) => {
        const taken = parameters
          .filter((parameter) => parameter.in === 'path')
          .map((parameter) => `{${parameter.name}}`);
        return taken.toSorted().join() === [...(name.match(/\{\w+\}/g) ?? [])].toSorted().join();
      }),
    ).toEqual([]);
    const schemes = Object.keys(document.components.securitySchemes ?? {});
    expect(
      without(({ security = [] }) => security.flatMap(Object.keys).every((scheme) => schemes.includes(scheme))),
    ).toEqual([]);
  });
});

test('what an operation says of credentials is what becomes of a request without', async () => {
  const answers = await Promise.all(
    operations.map(async ({ name, operation }) => {
      const [method, path = ''] = name.split(' ') as ['GET', string];
      const { statusCode } = await described.app.inject({ method, url: path.replace(/\{\w+\}/g, '1') });
      // An empty one among them says that nothing need be shown.
      const { security = [] } = operation;
      const told = security.length > 0 && security.every((credentials) => Object.keys(credentials).length > 0);
      return { name, told, asked: statusCode === 401 };
    }),
  );
  expect(answers.filter(({ asked }) => asked).length).toBeGreaterThan(3);
  expect(answers.filter(({ asked, told }) => asked !== told)).toEqual([]);
});

test('whoever asks for the description gets it', async () => {
  for (const url of ['/docs', '/docs/json', '/docs/static/swagger-ui.css']) {
    expect((await described.app.inject(url)).statusCode, url).toBe(200);
  }
});

test('a problem has the members that every answer of ours has', () => {
  expect(document.components.schemas?.Problem).toMatchObject({
    required: ['type', 'title', 'status', 'code', 'trace_id'],
    properties: { errors: { type: 'array' }, detail: { type: 'string' } },
  });
});

test('what is streamed is told, and what has a default may be left out', () => {
  const { requestBody } = document.paths['/upload']?.post ?? {};
  expect(Object.keys(requestBody?.content ?? {})).toEqual(['multipart/form-data']);
  const { parameters = [] } = document.paths['/api/events']?.get ?? {};
  expect(parameters.filter(({ required }) => required)).toEqual([]);
  expect(parameters.map(({ name }) => name)).toContain('page_size');
});

test('every reference leads somewhere, and every component is used', () => {
  const references = new Set([...textOf(document).matchAll(/"\$ref": "(.*)"/g)].map(([, reference = '']) => reference));
  const { securitySchemes: _, ...components } = document.components;
  const named = Object.entries(components).flatMap(([kind, members]) =>
    Object.keys(members).map((name) => `#/components/${kind}/${name}`),
  );
  expect([...references].sort()).toEqual(named.sort());
});
