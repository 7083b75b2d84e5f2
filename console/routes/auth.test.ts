import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Access, createAccess } from '../../http/access/access.ts';
import { keyFor } from '../../http/access/server-secret.ts';
import { createSessions } from '../../http/access/sessions.ts';
import { createUsers, type User } from '../../http/access/users.ts';
import { type ConsoleUnderTest, NOW_MS, startConsole } from './server-under-test.ts';

const SECRET = 'the secret of this test, long enough';
const PASSWORD = 'correct horse';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let console: ConsoleUnderTest;
let access: Access;
let nowMs = NOW_MS;

beforeAll(async () => {
  console = await startConsole((store) => {
    access = createAccess({ store, secret: SECRET, nowMs: () => nowMs });
    return access;
  });
  await access.users.ensureAdministrator({ password: PASSWORD });
});
afterAll(() => console.stop());
beforeEach(() => {
  nowMs += 60 * MINUTE;
});

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

async function post(path: string, payload: object, headers = {}) {
  const answer = await console.app.inject({ method: 'POST', url: path, payload, headers });
  return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? null : answer.json() };
}

async function login(): Promise<Tokens> {
  const { status, body } = await post('/auth/login', { username: 'admin', password: PASSWORD });
  expect(status).toBe(200);
  return body;
}

const renew = (refreshToken: string) => post('/auth/refresh', { refresh_token: refreshToken });
const status = async (token: string) => (await console.get('/api/status', { authorization: `Bearer ${token}` })).status;

describe('signing in', () => {
  test('gives tokens for a password, and the access token lets in', async () => {
    const { status: code, headers, body } = await post('/auth/login', { username: 'admin', password: PASSWORD });
    expect(code).toBe(200);
    expect(headers['cache-control']).toContain('no-store');
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      refresh_token: expect.stringMatching(/^refresh_[\w-]{43}$/),
      token_type: 'Bearer',
      expires_in: 900,
    });
    expect(await status(body.access_token)).toBe(200);
  });

  test.each([
    ['a wrong password', { username: 'admin', password: 'wrong' }],
    ['nobody', { username: 'nobody', password: PASSWORD }],
  ])('refuses %s with the same words', async (_, credentials) => {
    expect(await post('/auth/login', credentials)).toMatchObject({
      status: 401,
      body: { code: 'wrong-credentials', detail: 'No user has this name and this password.' },
    });
  });

  test.each([
    {},
    { username: 'admin' },
    { username: 'a\0b', password: 'x' },
    { username: 'a', password: 'x', role: 'admin' },
  ])('refuses %j as no credentials', async (body) =>
    expect(await post('/auth/login', body)).toMatchObject({ status: 422, body: { code: 'invalid-request' } }),
  );

  test('refuses a form of another site', async () => {
    const answer = await post(
      '/auth/login',
      { username: 'admin', password: PASSWORD },
      { origin: 'https://evil.example' },
    );
    expect(answer).toMatchObject({ status: 403, body: { code: 'cross-site' } });
  });

  test('makes guessers wait, whoever they are', async () => {
    for (let guess = 0; guess < 10; guess += 1) {
      expect((await post('/auth/login', { username: `guess-${guess}`, password: 'x' })).status).toBe(401);
    }
    const refused = await post('/auth/login', { username: 'admin', password: PASSWORD });
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([429, 'too-many-tries', '1']);
    nowMs += 1_000;
    await login();
  });
});

describe('an access token', () => {
  test('is over after a quarter of an hour', async () => {
    const { access_token } = await login();
    nowMs += 15 * MINUTE - 1;
    expect(await status(access_token)).toBe(200);
    nowMs += 1_000;
    const { status: code, headers } = await console.get('/api/status', { authorization: `Bearer ${access_token}` });
    expect([code, headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  test('is nothing that others can make', async () => {
    const forge = (key: Buffer, algorithm = 'HS256', issuer = 'passerby') =>
      new SignJWT({ username: 'admin', role: 'admin', fleet: null })
        .setProtectedHeader({ alg: algorithm })
        .setIssuer(issuer)
        .setSubject('1')
        .setExpirationTime(Math.floor(nowMs / 1_000) + 600)
        .sign(createSecretKey(key));
    const ours = keyFor('access tokens', SECRET);
    expect(await status(await forge(ours))).toBe(200);
    expect(await status(await forge(keyFor('refresh tokens', SECRET)))).toBe(401);
    expect(await status(await forge(keyFor('access tokens', `${SECRET}.`)))).toBe(401);
    expect(await status(await forge(ours, 'HS256', 'somebody else'))).toBe(401);
    expect(await status(await forge(Buffer.concat([ours, ours]), 'HS512'))).toBe(401);
    const unsigned = `${btoa('{"alg":"none"}')}.${btoa('{"sub":"1","iss":"passerby","exp":9999999999}')}.`;
    expect(await status(unsigned.replaceAll('=', ''))).toBe(401);
    expect(await status('x'.repeat(5_000))).toBe(401);
  });
});

describe('a session', () => {
  test('is renewed by its token, which is good for one time', async () => {
    const { refresh_token } = await login();
    const { status: code, body } = await renew(refresh_token);
    expect([code, body.refresh_token === refresh_token]).toEqual([200, false]);
    expect(await status(body.access_token)).toBe(200);
    expect((await renew(body.refresh_token)).status).toBe(200);
  });

  test('goes on when the answer with the next token was lost', async () => {
    const { refresh_token } = await login();
    const [first, again] = [await renew(refresh_token), await renew(refresh_token)];
    expect([again.status, again.body.refresh_token]).toEqual([200, first.body.refresh_token]);
    expect((await renew(again.body.refresh_token)).status).toBe(200);
  });

  test('is one for two pages that renew it at once, and ends for both', async () => {
    const { refresh_token } = await login();
    const [one, other] = await Promise.all([renew(refresh_token), renew(refresh_token)]);
    expect(one.body.refresh_token).toBe(other.body.refresh_token);
    await post('/auth/logout', { refresh_token: one.body.refresh_token });
    expect((await renew(other.body.refresh_token)).status).toBe(401);
  });

  test('is not renewed by a token of before the last, which changes nothing', async () => {
    const { refresh_token } = await login();
    const { body } = await renew((await renew(refresh_token)).body.refresh_token);
    expect((await renew(refresh_token)).status).toBe(401);
    expect((await renew(body.refresh_token)).status).toBe(200);
  });

  test('ends for everybody when a token that was replaced long ago comes again', async () => {
    const { refresh_token } = await login();
    const { body } = await renew(refresh_token);
    nowMs += 2 * MINUTE;
    expect(await renew(refresh_token)).toMatchObject({ status: 401, body: { code: 'session-over' } });
    expect((await renew(body.refresh_token)).status).toBe(401);
  });

  test('ends with signing out, after 30 days, and when the password is set anew', async () => {
    const [out, old, changed] = [await login(), await login(), await login()];
    expect(await post('/auth/logout', { refresh_token: out.refresh_token })).toMatchObject({ status: 204 });
    expect((await renew(out.refresh_token)).status).toBe(401);
    expect((await post('/auth/logout', { refresh_token: out.refresh_token })).status).toBe(204);
    await access.users.ensureAdministrator({ password: 'another horse' });
    expect((await renew(changed.refresh_token)).status).toBe(401);
    await access.users.ensureAdministrator({ password: PASSWORD });
    const late = await login();
    nowMs += 30 * DAY;
    for (const { refresh_token } of [old, late]) expect((await renew(refresh_token)).status).toBe(401);
  });

  test('is not among more than fifty of one user', async () => {
    const store = console.services.openStore('sessions');
    const user = (await createUsers({ store }).authenticate('admin', PASSWORD)) as User;
    const sessions = createSessions({ store, secret: SECRET, nowMs: () => nowMs });
    const tokens: string[] = [];
    for (let session = 0; session < 51; session += 1) {
      nowMs += 1_000;
      tokens.push((await sessions.begin(user)).refreshToken);
    }
    const renewed = await Promise.all([tokens[0], tokens[1], tokens[50]].map((token) => sessions.renew(token ?? '')));
    expect(renewed.map((session) => session?.user.username)).toEqual([undefined, 'admin', 'admin']);
    expect(await console.services.rows('sessions')).toHaveLength(50);
  });

  test('is not to be found in the database', async () => {
    const { refresh_token } = await login();
    const rows = JSON.stringify(await console.services.rows('sessions'));
    expect(rows).not.toContain(refresh_token);
    expect(rows).not.toContain(Buffer.from(refresh_token).toString('hex'));
  });
});
