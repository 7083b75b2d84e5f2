import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { Outage } from '../../ports/errors.ts';
import { createServer } from '../server.ts';
import { createRequireUser } from './require-user.ts';
import { createSignIn } from './sign-in.ts';
import type { User } from './users.ts';

function createApp() {
  const clock = createManualClock(0);
  const asked: string[] = [];
  const authenticate = async (username: string, password: string): Promise<User | null> => {
    asked.push(`${username}:${password}`);
    if (password === 'outage') throw new Outage('the store', new Error('away'));
    return password === 'pass:wörd' ? { id: '1', username, role: 'admin' } : null;
  };
  const { nowMs } = clock;
  const signIn = createSignIn({ users: { authenticate }, nowMs });
  const requireUser = createRequireUser({ signIn, accessTokens: { read: async () => null }, nowMs });
  const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry() });
  app.get('/me', { onRequest: requireUser }, (request) => request.user?.username);
  app.post('/me', { onRequest: requireUser }, () => 'changed');
  const ask = (password: string, remoteAddress = '10.0.0.1', headers = {}) =>
    app.inject({ url: '/me', remoteAddress, headers: { authorization: basic('mia', password), ...headers } });
  return { app, clock, asked, ask };
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

describe('signing in', () => {
  test('nobody is asked for a name; a wrong password is not let in, the right one is', async () => {
    const { app, ask } = createApp();
    const nobody = await app.inject('/me');
    expect([nobody.statusCode, nobody.json().code]).toEqual([401, 'not-signed-in']);
    expect(nobody.headers['www-authenticate']).toBe('Basic realm="Passerby", charset="UTF-8"');
    expect((await ask('wrong')).statusCode).toBe(401);
    const right = await ask('pass:wörd');
    expect([right.statusCode, right.body]).toEqual([200, 'mia']);
  });

  test('what is no Basic header asks no store', async () => {
    const { app, asked } = createApp();
    for (const authorization of [
      'Bearer x',
      'Basic',
      'Basic !',
      `Basic ${btoa('nocolon')}`,
      `Basic ${btoa('a\0:b')}`,
      basic('a', 'x'.repeat(3_000)),
    ]) {
      expect((await app.inject({ url: '/me', headers: { authorization } })).statusCode).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  test('another site’s form changes nothing', async () => {
    const { app } = createApp();
    const authorization = basic('mia', 'pass:wörd');
    const post = (site: string) =>
      app.inject({ method: 'POST', url: '/me', headers: { authorization, 'sec-fetch-site': site } });
    expect((await post('cross-site')).json()).toMatchObject({ status: 403, code: 'cross-site' });
    expect((await post('same-origin')).statusCode).toBe(200);
  });
});

describe('memory', () => {
  test('a password is verified once in five minutes, also for requests that come together', async () => {
    const { ask, asked, clock } = createApp();
    const together = await Promise.all(Array.from({ length: 20 }, () => ask('pass:wörd')));
    expect(together.every(({ statusCode }) => statusCode === 200)).toBe(true);
    await ask('pass:wörd');
    expect(asked).toHaveLength(1);
    clock.advance(5 * 60_000);
    await ask('pass:wörd');
    expect(asked).toHaveLength(2);
  });
});

describe('guessing', () => {
  test('ten failures in a row make an address wait; others, and whoever is signed in, do not', async () => {
    const { ask, asked, clock } = createApp();
    await ask('pass:wörd');
    for (let guess = 0; guess < 10; guess++) expect((await ask(`guess-${guess}`)).statusCode).toBe(401);
    const refused = await ask('guess-10');
    expect([refused.statusCode, refused.json().code, refused.headers['retry-after']]).toEqual([
      429,
      'too-many-tries',
      '1',
    ]);
    expect(asked).toHaveLength(11);
    expect((await ask('pass:wörd')).statusCode).toBe(200);
    expect((await ask('wrong', '10.0.0.2')).statusCode).toBe(401);
    clock.advance(1_000);
    expect((await ask('guess-10')).statusCode).toBe(401);
    expect((await ask('guess-11')).headers['retry-after']).toBe('2');
  });

  test('guesses sent together count as well', async () => {
    const { ask, asked } = createApp();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, guess) => ask(`guess-${guess}`)));
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(20);
    expect(asked).toHaveLength(10);
  });

  test('an outage is no failed try', async () => {
    const { ask } = createApp();
    for (let round = 0; round < 15; round++) expect((await ask('outage')).statusCode).toBe(503);
  });
});
