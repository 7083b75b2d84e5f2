import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccess } from '../../http/access/access.ts';
import { createUsers } from '../../http/access/users.ts';
import { type ConsoleUnderTest, idOf, NOW_MS, startConsole } from './server-under-test.ts';

const ago = (ms: number) => new Date(NOW_MS - ms).toISOString();

describe('to anybody who may look', () => {
  let console: ConsoleUnderTest;
  beforeAll(async () => {
    console = await startConsole();
  });
  afterAll(() => console.stop());

  test('nothing yet is an answer too', async () => {
    const { status, body } = await console.get('/api/status');
    expect(status).toBe(200);
    expect(body).toEqual({
      now: '2026-05-01T12:00:00.000Z',
      frames_per_minute: 0,
      events_per_minute: 0,
      dead_letters_last_day: 0,
      dead_letters_open: 0,
      lag: [{ group: 'aggregator', topic: 'events', records: 3, seconds: 1.5 }],
      devices: [],
    });
  });

  test('the status has every device, its newest picture and what is missing of it', async () => {
    await console.addDevice(['whole', ago(1_000), 4, [1, 2, 3]]);
    await console.addDevice(['gaps', ago(2_000), 5_001, [1, 2, 4_095, 4_096, 5_000]]);
    await console.addDevice(['nothing-confirmed', ago(3_000), 3, []]);
    await console.addDevice(['silent', ago(4_000), 1, []]);
    await console.addCapture([idOf(1), ago(50_000), 'whole', 1, 'done', 'images/whole/1.jpg']);
    await console.addCapture([idOf(2), ago(40_000), 'whole', 2, 'queued', 'images/whole/2.jpg']);
    // Its observation has come, the frame's own record has not: there is no picture to show yet.
    await console.addCapture([idOf(3), ago(30_000), 'whole', 3, 'done', null]);
    await console.addCapture([idOf(4), ago(61_000), 'gaps', 1, 'done', 'images/gaps/1.jpg']);
    await console.addEvent([idOf(5), ago(1_000), 'motion', 'whole', {}]);
    const { body } = await console.get('/api/status');
    expect(body).toMatchObject({ frames_per_minute: 3, events_per_minute: 1, dead_letters_last_day: 0 });
    const none = { last_frame_id: null, last_captured_at: null };
    expect(body.devices).toEqual([
      { id: 'gaps', last_seen_at: ago(2_000), last_frame_id: idOf(4), last_captured_at: ago(61_000), missing: 4_995 },
      { id: 'nothing-confirmed', last_seen_at: ago(3_000), ...none, missing: 2 },
      { id: 'silent', last_seen_at: ago(4_000), ...none, missing: 0 },
      { id: 'whole', last_seen_at: ago(1_000), last_frame_id: idOf(2), last_captured_at: ago(40_000), missing: 0 },
    ]);
  });

  test('a picture is its bytes, kept by nobody but this browser', async () => {
    const picture = Buffer.from([0xff, 0xd8, 0xff, 0x00, 0x80]);
    await console.blobs.put('images/shown/1.jpg', picture);
    await console.addCapture([idOf(10), ago(0), 'shown', 1, 'done', 'images/shown/1.jpg']);
    const { status, headers, bytes } = await console.get(`/api/captures/${idOf(10)}/image`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('image/jpeg');
    expect(headers['cache-control']).toMatch(/^private/);
    expect(bytes).toEqual(picture);
  });

  test('there is no picture of a frame that is unknown, not yet here, or whose picture is gone', async () => {
    await console.addCapture([idOf(11), ago(0), 'unseen', 1, 'done', null]);
    await console.addCapture([idOf(12), ago(0), 'unseen', 2, 'done', 'images/unseen/gone.jpg']);
    for (const number of [99, 11, 12]) {
      const { status, body, headers } = await console.get(`/api/captures/${idOf(number)}/image`);
      expect([status, body.code]).toEqual([404, 'no-such-picture']);
      expect(headers['cache-control']).toBe('no-store');
    }
    for (const id of ['x', '1', `${idOf(1)}0`, '..%2F..%2Fetc', "'%20or%201=1"]) {
      const { status } = await console.get(`/api/captures/${id}/image`);
      expect(status).toBe(422);
    }
  });
});

describe('with a password', () => {
  let console: ConsoleUnderTest;
  const basic = (name: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  });
  beforeAll(async () => {
    console = await startConsole((store) => createAccess({ store, secret: 's'.repeat(32), nowMs: () => NOW_MS }));
  });
  afterAll(() => console.stop());

  const paths = [
    '/',
    '/app.js',
    '/api/status',
    '/api/events',
    '/api/captures',
    `/api/captures/${idOf(1)}/image`,
    '/api/events/1/snapshot',
  ];

  test.each(paths)('%s asks who is looking', async (path) => {
    const { status, headers } = await console.get(path);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^Basic /);
    expect((await console.get(path, basic('admin', 'guess'))).status).toBe(401);
  });

  test('users are kept in the database: one administrator, whose password can be set anew', async () => {
    const users = () => createUsers({ store: console.services.openStore('users') });
    const told = await Promise.all([users().ensureAdministrator({}), users().ensureAdministrator({})]);
    const passwords = told.map(({ password }) => password).filter((password) => password !== null);
    expect(passwords).toHaveLength(1);
    const made = passwords[0] ?? '';
    expect((await console.get('/api/status', basic('admin', made))).status).toBe(200);

    const row = async () =>
      (await console.services.rows<{ id: string; username: string; role: string; password_hash: string }>('users'))[0];
    const before = await row();
    expect(before).toMatchObject({ username: 'admin', role: 'admin' });
    expect(before?.password_hash).not.toContain(made);
    const given = 'correct horse battery';
    expect(await users().ensureAdministrator({ password: given })).toEqual({ password: null });
    expect(await users().authenticate('admin', given)).toMatchObject({
      id: before?.id,
      username: 'admin',
      role: 'admin',
      fleetId: null,
    });
    expect(await users().authenticate('admin', made)).toBeNull();
    expect(await users().authenticate("admin' or '1'='1", given)).toBeNull();
    const set = await row();
    await users().ensureAdministrator({ password: given });
    expect(await row()).toEqual(set);
    expect(await console.services.rows('users')).toHaveLength(1);
  });
});
