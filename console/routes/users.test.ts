import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PASSWORD } from '../../http/access/people-under-test.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
});
afterAll(() => rig.stop());
beforeEach(() => rig.console.clock.advance(60_000));

let made = 0;
async function add(values: object): Promise<{ readonly id: string; readonly username: string }> {
  const username = `user-${made++}`;
  const { status, body } = await rig.ask('admin', 'POST /users', { username, password: PASSWORD, ...values });
  expect(status, JSON.stringify(body)).toBe(201);
  return { id: String(body.user_id), username };
}

const login = (username: string, password = PASSWORD) => rig.ask(null, 'POST /auth/login', { username, password });
const renew = (refreshToken: unknown) => rig.ask(null, 'POST /auth/refresh', { refresh_token: refreshToken });
const basic = (username: string, password = PASSWORD) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
const codeOf = async (asked: ReturnType<ManagedConsole['ask']>) => {
  const { status, body } = await asked;
  return [status, body.code];
};

describe('administrators', () => {
  test('see everybody, and find each', async () => {
    const { body } = await rig.ask('admin', 'GET /users');
    const ann = body.users.find(({ username }) => username === 'ann');
    expect(ann).toEqual({
      user_id: rig.userOf('ann').id,
      username: 'ann',
      role: 'operator',
      owner: null,
      created_at: expect.stringMatching(/^2026-05-01T12:00:00/),
    });
    expect(body.users.map(({ username, owner }) => [username, owner])).toContainEqual(['ann-viewer', 'ann']);
    expect(JSON.stringify(body)).not.toContain('scrypt');
    expect((await rig.ask('admin', `GET /users/${ann?.user_id}`)).body).toEqual(ann);
    const page = await rig.ask('admin', 'GET /users?page_size=2&page=2');
    expect([page.body.users.length, page.body.has_more]).toEqual([2, true]);
  });

  test('add users, who can sign in, and see what their owner sees', async () => {
    const { username } = await add({ role: 'operator', owner: 'ann' });
    await rig.enrol('ann', 'of-ann');
    const { body } = await login(username);
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await rig.ask(null, 'GET /devices/of-ann', undefined, headers)).status).toBe(200);
    const paired = await rig.ask(null, 'POST /devices/pair', { device_id: 'by-staff' }, headers);
    expect(paired.status).toBe(201);
    expect((await rig.ask('ann', 'GET /devices/by-staff')).status).toBe(200);
  });

  test('add an operator who works for an administrator, and so sees everything', async () => {
    const { username } = await add({ role: 'operator', owner: 'admin' });
    const { body } = await login(username);
    const headers = { authorization: `Bearer ${body.access_token}` };
    await rig.enrol('bob', 'of-bob');
    expect((await rig.ask(null, 'GET /devices/of-bob', undefined, headers)).body.owner).toBe('bob');
    expect((await rig.ask(null, 'GET /auth/me', undefined, headers)).body.all_devices).toBe(true);
  });

  test.each([
    [{ role: 'viewer' }, [422, 'owner-required']],
    [{ role: 'viewer', owner: 'nobody' }, [422, 'no-such-owner']],
    [{ role: 'viewer', owner: 'bob-viewer' }, [422, 'no-such-owner']],
    [{ role: 'admin', owner: 'ann' }, [422, 'owner-not-allowed']],
    [{ role: 'root' }, [422, 'invalid-request']],
    [{ role: 'operator', password: 'too short' }, [422, 'invalid-request']],
    [{ role: 'operator', password: 'with\0nul in it' }, [422, 'invalid-request']],
    [{ role: 'operator', username: 'a:b' }, [422, 'invalid-request']],
    [{ role: 'operator', username: '' }, [422, 'invalid-request']],
    [{ role: 'operator', username: 'ann' }, [409, 'username-taken']],
  ])('cannot add %j', async (values, wanted) => {
    const whole = { username: 'refused', password: PASSWORD, ...values };
    expect(await codeOf(rig.ask('admin', 'POST /users', whole))).toEqual(wanted);
  });

  test('change roles and owners; an administrator then works for nobody', async () => {
    const { id } = await add({ role: 'operator', owner: 'ann' });
    const become = async (change: object) => (await rig.ask('admin', `PATCH /users/${id}`, change)).body;
    expect(await become({ role: 'admin' })).toMatchObject({ role: 'admin', owner: null });
    expect(await become({ role: 'viewer', owner: 'bob' })).toMatchObject({ role: 'viewer', owner: 'bob' });
    expect(await become({ owner: 'ann' })).toMatchObject({ role: 'viewer', owner: 'ann' });
    expect(await become({ role: 'operator', owner: null })).toMatchObject({ role: 'operator', owner: null });
  });

  test('cannot make of users what leads in a circle, or nowhere', async () => {
    const owner = await add({ role: 'operator' });
    const staff = await add({ role: 'viewer', owner: owner.username });
    const change = (id: string, values: object) => codeOf(rig.ask('admin', `PATCH /users/${id}`, values));
    expect(await change(owner.id, { owner: 'ann' })).toEqual([409, 'has-staff']);
    expect(await change(owner.id, { role: 'viewer', owner: 'ann' })).toEqual([409, 'has-staff']);
    expect(await change(staff.id, { owner: staff.username })).toEqual([422, 'no-such-owner']);
    expect(await change(staff.id, { owner: null })).toEqual([422, 'owner-required']);
    const alone = await add({ role: 'operator' });
    expect(await change(alone.id, { owner: alone.username })).toEqual([422, 'no-such-owner']);
    expect(await change(alone.id, { role: 'admin', owner: 'ann' })).toEqual([422, 'owner-not-allowed']);
    expect(await change(alone.id, {})).toEqual([422, 'invalid-request']);
    expect(await change('00000000-0000-4000-8000-000000000000', { role: 'admin' })).toEqual([404, 'no-such-user']);
  });

  test('delete users, with those who work for them; the devices stay', async () => {
    const owner = await add({ role: 'operator' });
    const staff = await add({ role: 'viewer', owner: owner.username });
    const device = `of-${owner.username}`;
    await rig.enrol('admin', device);
    await rig.ask('admin', `PATCH /devices/${device}`, { owner: owner.username });
    expect((await rig.ask('admin', `DELETE /users/${owner.id}`)).status).toBe(204);
    for (const { id } of [owner, staff]) expect((await rig.ask('admin', `GET /users/${id}`)).status).toBe(404);
    expect((await rig.ask('admin', `GET /devices/${device}`)).body.owner).toBeNull();
  });

  test('are always one at least', async () => {
    const { id } = rig.userOf('admin');
    expect(await codeOf(rig.ask('admin', `DELETE /users/${id}`))).toEqual([409, 'last-admin']);
    expect(await codeOf(rig.ask('admin', `PATCH /users/${id}`, { role: 'operator' }))).toEqual([409, 'last-admin']);
    expect((await rig.ask('admin', `PATCH /users/${id}`, { password: PASSWORD })).status).toBe(200);

    // Two who delete each other at once.
    const others = [await add({ role: 'admin' }), await add({ role: 'admin' })];
    for (const round of [1, 2, 3]) {
      const asking = others.map(
        ({ id: own, username }) => ({ id: own, username, role: 'admin', fleetId: null }) as const,
      );
      const [one, other] = asking;
      if (!one || !other) throw new Error('no two');
      await rig.ask(one, `PATCH /users/${id}`, { role: 'operator' });
      const answers = await Promise.all([
        rig.ask(one, `PATCH /users/${other.id}`, { role: 'operator' }),
        rig.ask(other, `PATCH /users/${one.id}`, { role: 'operator' }),
      ]);
      const { body } = await rig.ask(answers[0].status === 200 ? one : other, 'GET /users');
      expect(
        body.users.filter(({ role }) => role === 'admin'),
        `round ${round}`,
      ).toHaveLength(1);
      const left = answers[0].status === 200 ? one : other;
      for (const again of [id, one.id, other.id]) await rig.ask(left, `PATCH /users/${again}`, { role: 'admin' });
    }
    for (const { id: own } of others) expect((await rig.ask('admin', `DELETE /users/${own}`)).status).toBe(204);
  });
});

describe('operators', () => {
  test('add viewers of their own devices, see those and no others, and delete them', async () => {
    const { status, body: viewer } = await rig.ask('ann', 'POST /users', {
      username: 'anns-new',
      password: PASSWORD,
      role: 'viewer',
    });
    expect([status, viewer.owner]).toEqual([201, 'ann']);
    const { body } = await rig.ask('ann', 'GET /users');
    expect(body.users.map(({ username }) => username)).toEqual(['ann-viewer', 'anns-new']);
    expect(body.total).toBe(2);
    expect((await rig.ask('bob', 'GET /users')).body.users).toHaveLength(1);
    expect((await rig.ask('ann', `GET /users/${viewer.user_id}`)).body).toEqual(viewer);
    expect((await rig.ask('bob', `GET /users/${viewer.user_id}`)).status).toBe(404);
    expect((await rig.ask('bob', `DELETE /users/${viewer.user_id}`)).status).toBe(404);
    expect((await rig.ask('ann', `DELETE /users/${viewer.user_id}`)).status).toBe(204);
  });

  test('who work for somebody add viewers of that one’s devices', async () => {
    const { id, username } = await add({ role: 'operator', owner: 'ann' });
    const staff = { id, username, role: 'operator', fleetId: rig.userOf('ann').id } as const;
    const viewer = { username: 'staffs-viewer', password: PASSWORD, role: 'viewer' };
    expect((await rig.ask(staff, 'POST /users', viewer)).body.owner).toBe('ann');
    expect((await rig.ask(staff, 'GET /users')).body.users.map((user) => user.username)).toEqual([
      'ann-viewer',
      'staffs-viewer',
    ]);
  });

  test.each([
    { role: 'operator' },
    { role: 'admin' },
    { role: 'operator', owner: 'ann' },
    { role: 'viewer', owner: 'bob' },
    { role: 'viewer', owner: 'admin' },
  ])('add nobody else: %j', async (values) => {
    const whole = { username: 'refused', password: PASSWORD, ...values };
    expect(await codeOf(rig.ask('ann', 'POST /users', whole))).toEqual([403, 'not-allowed']);
  });

  test('change nobody, and do not see who is not a viewer of theirs', async () => {
    const own = rig.userOf('ann-viewer').id;
    expect(await codeOf(rig.ask('ann', `PATCH /users/${own}`, { password: PASSWORD }))).toEqual([403, 'not-allowed']);
    for (const name of ['ann', 'bob', 'bob-viewer', 'admin'] as const) {
      const { id } = rig.userOf(name);
      expect(await codeOf(rig.ask('ann', `GET /users/${id}`)), name).toEqual([404, 'no-such-user']);
      expect(await codeOf(rig.ask('ann', `DELETE /users/${id}`)), name).toEqual([404, 'no-such-user']);
    }
  });
});

describe('everybody', () => {
  test('asks who they are', async () => {
    const { body, headers } = await rig.ask('ann-viewer', 'GET /auth/me');
    const { id } = rig.userOf('ann-viewer');
    expect(body).toEqual({ user_id: id, username: 'ann-viewer', role: 'viewer', all_devices: false });
    expect(headers['cache-control']).toBe('no-store');
    expect((await rig.ask('admin', 'GET /auth/me')).body.all_devices).toBe(true);
  });

  test('sets a password by the one before, which ends the sessions', async () => {
    const { id, username } = await add({ role: 'operator' });
    const user = { id, username, role: 'operator', fleetId: id } as const;
    const { body } = await login(username);
    const set = (current: string, wanted: string) =>
      rig.ask(user, 'POST /auth/password', { current_password: current, new_password: wanted });
    expect(await codeOf(set('wrong', 'another horse'))).toEqual([403, 'wrong-password']);
    expect(await codeOf(set(PASSWORD, 'short'))).toEqual([422, 'invalid-request']);
    expect((await set(PASSWORD, 'another horse')).status).toBe(204);
    expect((await renew(body.refresh_token)).status).toBe(401);
    expect((await login(username)).status).toBe(401);
    expect((await login(username, 'another horse')).status).toBe(200);
  });

  test('who guesses at the password before waits', async () => {
    const guess = (password: string) =>
      rig.ask('bob', 'POST /auth/password', { current_password: password, new_password: 'another horse' });
    for (let n = 0; n < 10; n++) expect((await guess(`guess-${n}`)).status).toBe(403);
    expect(await codeOf(guess(PASSWORD))).toEqual([429, 'too-many-tries']);
  });
});

describe('whoever is another one from now on', () => {
  test.each([
    ['has another password', (id: string) => ['PATCH', id, { password: 'another horse' }] as const],
    ['has another role', (id: string) => ['PATCH', id, { role: 'viewer', owner: 'ann' }] as const],
    ['has another owner', (id: string) => ['PATCH', id, { owner: 'ann' }] as const],
    ['is deleted', (id: string) => ['DELETE', id, undefined] as const],
  ])('%s: sessions end', async (_, ask) => {
    const { id, username } = await add({ role: 'operator' });
    const { body } = await login(username);
    const [method, of, change] = ask(id);
    await rig.ask('admin', `${method} /users/${of}`, change);
    expect((await renew(body.refresh_token)).status).toBe(401);
  });

  test('reads on for the time of the access token, and changes nothing any more', async () => {
    const { id, username } = await add({ role: 'admin' });
    const { body } = await login(username);
    const headers = { authorization: `Bearer ${body.access_token}` };
    const create = { username: 'by-former-admin', password: PASSWORD, role: 'admin' };
    await rig.ask('admin', `PATCH /users/${id}`, { role: 'operator' });
    expect((await rig.ask(null, 'GET /api/status', undefined, headers)).status).toBe(200);
    expect((await rig.ask(null, 'GET /auth/me', undefined, headers)).body.role).toBe('operator');
    expect((await rig.ask(null, 'POST /users', create, headers)).status).toBe(403);
    await rig.ask('admin', `DELETE /users/${id}`);
    for (const request of ['POST /devices/pair', 'POST /users', 'GET /auth/me']) {
      const payload = request === 'POST /users' ? create : undefined;
      expect((await rig.ask(null, request, payload, headers)).status, request).toBe(401);
    }
    rig.console.clock.advance(15 * 60_000);
    expect((await rig.ask(null, 'GET /api/status', undefined, headers)).status).toBe(401);
  });

  test.each([
    ['a password', (id: string) => ['PATCH', id, { password: 'another horse' }] as const],
    ['deletion', (id: string) => ['DELETE', id, undefined] as const],
  ])('is let in by a header that was verified for 3 s at most, after %s', async (_, ask) => {
    const { id, username } = await add({ role: 'operator' });
    const status = async () => (await rig.ask(null, 'GET /api/status', undefined, basic(username))).status;
    expect(await status()).toBe(200);
    const [method, of, change] = ask(id);
    await rig.ask('admin', `${method} /users/${of}`, change);
    rig.console.clock.advance(3_000);
    expect(await status()).toBe(401);
  });
});
