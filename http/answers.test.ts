import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { bytes, nothing, nullable, oneOf, time } from './answer-types.ts';
import { checkAnswers } from './answers-under-test.ts';
import { Problem } from './problem.ts';
import { createTestServer } from './server-under-test.ts';
import type { Server } from './typed-server.ts';

const at = new Date(Date.UTC(2026, 4, 1));
const named = Type.Object({ name: nullable(Type.String()) });

test('what a route documents does not change what it answers', async () => {
  const whole = { count: 1.5, more: { at }, name: null };
  const { app } = createTestServer((server) => {
    const documented = Type.Object({ count: Type.Integer(), name: Type.String() });
    server.get('/whole', { schema: { response: { 200: documented } } }, async () => whole as never);
  });
  expect((await app.inject('/whole')).body).toBe(JSON.stringify(whole));
  await app.close();
});

test('answers that are as documented are no news', async () => {
  const all = Type.Object({ at: time('Then.'), state: nullable(oneOf(['a', 'b'])), data: Type.Unknown() });
  const { app } = createTestServer((server) => {
    checkAnswers(server);
    server.get('/all', { schema: { response: { 200: all } } }, async () => ({ at, state: null, data: { deep: [at] } }));
    server.get('/none', { schema: { response: { 204: nothing('Done.') } } }, async (_, reply) =>
      reply.code(204).send(),
    );
    server.get('/picture', { schema: { response: { 200: bytes('image/png', 'It.') } } }, async (_, reply) =>
      reply.type('image/png').send(Buffer.from('png')),
    );
    server.get('/refused', { schema: { response: { 200: named } } }, async () => {
      throw new Problem({ status: 404, code: 'no-such-thing' });
    });
  });
  for (const url of ['/all', '/none', '/picture', '/refused', '/nowhere']) await app.inject(url);
  await app.close();
});

test.each<[string, (app: Server) => void]>([
  ['/missing', (app) => app.get('/missing', { schema: { response: { 200: named } } }, async () => ({}) as never)],
  ['/more', (app) => app.get('/more', { schema: { response: { 200: named } } }, async () => ({ name: '', age: 1 }))],
  ['/other', (app) => app.get('/other', { schema: { response: { 200: named } } }, async () => ({ name: 1 }) as never)],
  ['/kind', (app) => app.get('/kind', { schema: { response: { 200: bytes('image/png', '') } } }, () => ({}) as never)],
  ['/status', (app) => app.get('/status', { schema: { response: { 202: named } } }, async () => ({ name: '' }))],
])('an answer that is not as documented is told: %s', async (url, add) => {
  const { app } = createTestServer((server) => {
    checkAnswers(server);
    add(server);
  });
  await app.inject(url);
  await expect(app.close()).rejects.toThrow(`GET ${url}`);
});
