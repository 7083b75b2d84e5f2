import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { checkAnswers } from '../../http/answers-under-test.ts';
import { createServer } from '../../http/server.ts';
import { createCodec, fixedCodec } from '../../schemas/codec.ts';
import { current, released } from '../../schemas/registry.ts';
import { registerSchemas } from './schemas.ts';

function serve(codec = fixedCodec) {
  const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
  registerSchemas(app, codec);
  return async (url: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE' = 'GET') => {
    const media = 'application/vnd.schemaregistry.v1+json';
    const sent = method === 'GET' ? {} : { headers: { 'content-type': media }, payload: '{"schema":"\\"string\\""}' };
    const answer = await app.inject({ url, method, ...sent });
    expect(answer.headers['content-type']).toBe(media);
    return { status: answer.statusCode, body: answer.json() };
  };
}

const ask = serve();
const event = current.get('event')?.schema;
if (!event) throw new Error('there is a schema for events');

test('a schema is found by the id that stands before a record', async () => {
  for (const { id, schema } of released) {
    const { status, body } = await ask(`/schemas/ids/${id}`);
    expect(status).toBe(200);
    expect(JSON.parse(body.schema)).toEqual(schema);
  }
});

test('where it is filed is told by its id', async () => {
  const places = [
    { subject: 'events-value', version: 1 },
    { subject: 'passerby.Event', version: 1 },
  ];
  expect((await ask('/schemas/ids/4/versions')).body).toEqual(places);
  expect((await ask('/schemas/ids/4/subjects')).body).toEqual(['events-value', 'passerby.Event']);
});

test('subjects are records, and topics that carry one kind of them', async () => {
  const { body } = await ask('/subjects');
  expect(body).toContain('passerby.Frame');
  expect(body).toContain('events-value');
  expect(body).toContain('dead-letters-value');
  expect(body).not.toContain('frames-value');
  expect((await ask('/schemas/types')).body).toEqual(['AVRO']);
});

test.each([
  { asked: '1', version: 1, id: 4 },
  { asked: '2', version: 2, id: 13 },
  { asked: 'latest', version: 2, id: 13 },
  { asked: '-1', version: 2, id: 13 },
])('version $asked of a subject is the schema with its id', async ({ asked, version, id }) => {
  for (const subject of ['passerby.Event', 'events-value']) {
    expect((await ask(`/subjects/${subject}/versions`)).body).toEqual([1, 2]);
    const { status, body } = await ask(`/subjects/${subject}/versions/${asked}`);
    expect(status).toBe(200);
    const { schema } = released.find((one) => one.id === id) ?? {};
    expect(body).toEqual({ subject, version, id, schema: JSON.stringify(schema) });
  }
});

test("the newest of several versions is the latest; a registry's id takes the place of the fixed one", async () => {
  const field = { name: 'field_of_a_test', type: 'int', default: 0 } as const;
  const next = { ...event, fields: [...event.fields, field] };
  const ask = serve(
    createCodec([
      { id: 4, name: 'event', version: 1, schema: event },
      { id: 70, name: 'event', version: 1, schema: event },
      { id: 71, name: 'event', version: 2, schema: next },
    ]),
  );
  expect((await ask('/subjects/passerby.Event/versions')).body).toEqual([1, 2]);
  expect((await ask('/subjects/passerby.Event/versions/latest')).body).toMatchObject({ version: 2, id: 71 });
  expect((await ask('/subjects/passerby.Event/versions/1')).body).toMatchObject({ version: 1, id: 70 });
  // What was written under the fixed id is still to be read.
  expect((await ask('/schemas/ids/4')).status).toBe(200);
  expect((await ask('/schemas/ids/4/versions')).body).toEqual([]);
});

test.each([
  ['/schemas/ids/999', 404, 40403],
  ['/schemas/ids/four', 404, 40403],
  ['/schemas/ids/999/versions', 404, 40403],
  ['/schemas/ids/999/subjects', 404, 40403],
  ['/subjects/nobody/versions', 404, 40401],
  ['/subjects/nobody/versions/1', 404, 40401],
  ['/subjects/passerby.Event/versions/99', 404, 40402],
  ['/subjects/passerby.Event/versions/newest', 422, 42202],
])('%s is refused as a registry does: %i, %i', async (url, status, code) => {
  expect(await ask(url)).toMatchObject({ status, body: { error_code: code, message: expect.stringMatching(/\.$/) } });
});

test.each([
  ['POST', '/subjects/passerby.Event/versions'],
  ['POST', '/subjects/passerby.Event'],
  ['DELETE', '/subjects/passerby.Event'],
  ['DELETE', '/subjects/passerby.Event/versions/1'],
] as const)('%s %s: nothing can be registered or removed', async (method, url) => {
  expect(await ask(url, method)).toMatchObject({
    status: 405,
    body: { error_code: 405, message: expect.stringContaining('read-only') },
  });
});

test('what it answers is documented', async () => {
  const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
  checkAnswers(app);
  registerSchemas(app, fixedCodec);
  const found = ['types', 'ids/4', 'ids/4/subjects', 'ids/4/versions'].map((path) => `/schemas/${path}`);
  const filed = ['', '/events-value/versions', '/events-value/versions/latest'].map((path) => `/subjects${path}`);
  const refused = ['/schemas/ids/99', '/subjects/none/versions', '/subjects/events-value/versions/x'];
  for (const url of [...found, ...filed, ...refused]) {
    expect((await app.inject({ url })).statusCode === 200, url).toBe(!refused.includes(url));
  }
  await app.close();
});
