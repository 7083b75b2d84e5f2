import multipart from '@fastify/multipart';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { createTestServer } from './server-under-test.ts';

describe('the caller’s faults', () => {
  test('name every fault in path, body and query', async () => {
    const { app } = createTestServer((server) =>
      server.post(
        '/sites/:site',
        {
          schema: {
            params: Type.Object({ site: Type.Integer() }),
            querystring: Type.Object({ limit: Type.Integer({ maximum: 10 }) }),
            body: Type.Object(
              { name: Type.String(), dwell: Type.Number(), at: Type.String({ format: 'date-time' }) },
              { additionalProperties: false },
            ),
          },
        },
        () => 'never',
      ),
    );
    const answer = await app.inject({
      method: 'POST',
      url: '/sites/x?limit=11',
      payload: { dwell: '5', at: 'noon', nam: 'door' },
    });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid-request', type: '/problems/invalid-request' });
    const told = answer
      .json()
      .errors.map((fault: { in: string; pointer: string; detail: string }) => Object.values(fault).join(' '));
    expect(told.sort()).toEqual([
      'body #/at must match format "date-time"',
      'body #/dwell must be number',
      'body #/nam is not known here',
      'body #/name is missing',
      'path #/site must be integer',
      'query #/limit must be <= 10',
    ]);
  });

  test('text is coerced in the query, and what the schema does not know is let be', async () => {
    const { app } = createTestServer((server) =>
      server.get(
        '/list',
        {
          schema: {
            querystring: Type.Object({
              limit: Type.Integer({ default: 5 }),
              open: Type.Optional(Type.Boolean()),
              zone: Type.Optional(Type.Array(Type.String())),
            }),
          },
        },
        (request) => request.query,
      ),
    );
    expect((await app.inject('/list?open=true&zone=door&utm=1')).json()).toMatchObject({
      limit: 5,
      open: true,
      zone: ['door'],
    });
  });

  const json = { 'content-type': 'application/json' };
  const refused = [
    { title: 'broken JSON', headers: json, payload: '{"a":', status: 400, code: 'malformed-json' },
    { title: 'empty JSON', headers: json, payload: '', status: 400, code: 'malformed-json' },
    { title: 'poisoned JSON', headers: json, payload: '{"__proto__":{"a":1}}', status: 400, code: 'malformed-json' },
    { title: 'much JSON', headers: json, payload: `"${'x'.repeat(65_536)}"`, status: 413, code: 'too-large' },
    {
      title: 'an unknown type',
      headers: { 'content-type': 'image/jpeg' },
      payload: 'x',
      status: 415,
      code: 'unsupported-media-type',
    },
  ];
  for (const { title, headers, payload, status, code } of refused) {
    test(`${title} is ${status} ${code}`, async () => {
      const { app } = createTestServer((server) => server.post('/json', () => 'ok'));
      const answer = await app.inject({ method: 'POST', url: '/json', headers, payload });
      expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    });
  }

  const part = (name: string, bytes: number) =>
    `--cut\r\nContent-Disposition: form-data; name="${name}"; filename="a.jpg"\r\n\r\n${'x'.repeat(bytes)}\r\n`;
  const forms = [
    {
      title: 'a file too large',
      type: 'multipart/form-data; boundary=cut',
      body: `${part('file', 200)}--cut--`,
      told: '413 too-large',
    },
    { title: 'no form', type: 'application/json', body: '{}', told: '415 unsupported-media-type' },
    {
      title: 'half a form',
      type: 'multipart/form-data; boundary=cut',
      body: part('file', 10),
      told: '400 malformed-multipart',
    },
    { title: 'no boundary', type: 'multipart/form-data', body: part('file', 10), told: '400 malformed-multipart' },
    {
      title: 'a whole form',
      type: 'multipart/form-data; boundary=cut',
      body: `${part('file', 10)}--cut--`,
      told: '200 undefined',
    },
  ];
  for (const { title, type, body, told } of forms) {
    test(`multipart: ${title} is ${told}`, async () => {
      const { app } = createTestServer((server) => {
        server.register(multipart, { limits: { fileSize: 100 } });
        server.post('/form', async (request) => ({ bytes: (await (await request.file())?.toBuffer())?.length }));
      });
      const answer = await app.inject({
        method: 'POST',
        url: '/form',
        headers: { 'content-type': type },
        payload: body,
      });
      expect(`${answer.statusCode} ${answer.json().code}`).toBe(told);
    });
  }
});
