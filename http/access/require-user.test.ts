import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../ports/clock/manual.ts';
import { Outage } from '../../ports/errors.ts';
import { createServer } from '../server.ts';
import { createRequireUser } from './require-user.ts';
import { createSignIn } from './sign-in.ts';
import type { SignedIn } from './users.ts';

function createApp() {
  const clock = createManualClock(0);
  const asked: string[] = [];
  let now: SignedIn | null = { id: '1', username: 'mia', role: 'admin', fleetId: null, passwordStamp: 'first' };
  const authenticate = async (username: string, password: string): Promise<SignedIn | null> => {
    asked.push(`${username}:${password}`);
    if (password === 'outage') throw new Outage('the store', new Error('away'));
    return password === 'pass:wörd' ? now : null;
  };
  const { nowMs } = clock;
  const signIn = createSignIn({ users: { authenticate }, nowMs });
  let looks = 0;
  const lookAgain = async ({ passwordStamp }: SignedIn) => {
    looks += 1;
    return now?.passwordStamp === passwordStamp ? now : null;
  };
  const accessTokens = { read: async () => null };
  const requireUser = createRequireUser({ signIn, users: { lookAgain }, accessTokens, nowMs });
  const app = createServer({ logger: pino({ level: 'silent' }), metrics: new Registry(), allowPlainHttp: true });
  app.get('/me', { onRequest: requireUser }, (request) => request.user?.username);
  app.get('/role', { onRequest: requireUser }, (request) => request.user?.role);
  app.post('/me', { onRequest: requireUser }, () => 'changed');
  const ask = (password: string, remoteAddress = '10.0.0.1', headers = {}, url = '/me') =>
    app.inject({ url, remoteAddress, headers: { authorization: basic('mia', password), ...headers } });
  const become = (change: Partial<SignedIn> | null) => {
    now = now && change && { ...now, ...change };
  };
  return { app, clock, asked, ask, become, looks: () => looks };
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
    const wrong = await ask('wrong');
    expect([wrong.statusCode, wrong.json().detail]).toEqual([401, 'The name or the password is wrong.']);
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

describe('somebody who is remembered', () => {
  const role = (ask: ReturnType<typeof createApp>['ask']) => ask('pass:wörd', '10.0.0.1', {}, '/role');

  test('is looked at again after 3 s, and not before', async () => {
    const { ask, looks, clock } = createApp();
    await ask('pass:wörd');
    clock.advance(2_999);
    await ask('pass:wörd');
    expect(looks()).toBe(0);
    clock.advance(1);
    await ask('pass:wörd');
    await ask('pass:wörd');
    expect(looks()).toBe(1);
  });

  test('is by then who they are now', async () => {
    const { ask, become, asked, clock } = createApp();
    expect((await role(ask)).body).toBe('admin');
    become({ role: 'viewer' });
    clock.advance(3_000);
    expect((await role(ask)).body).toBe('viewer');
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['has another password', { passwordStamp: 'second' }],
    ['is gone', null],
  ])('is asked for the password again once they have changed: %s', async (_, change) => {
    const { ask, become, asked, clock } = createApp();
    await ask('pass:wörd');
    become(change);
    clock.advance(3_000);
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
