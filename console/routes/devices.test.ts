import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';
import { idOf, NOW_MS } from './server-under-test.ts';

const MINUTE = 60_000;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
});
afterAll(() => rig.stop());

let made = 0;
/** A device of ann's that nobody else in these tests has. */
async function enrolNew(): Promise<{ readonly id: string; readonly token: string }> {
  const id = `device-${made++}`;
  return { id, token: await rig.enrol('ann', id) };
}

const known = (token: string) => rig.console.deviceAccess.tokens.find(token);
const activate = (code: unknown) => rig.console.deviceAccess.pairings.activate(String(code), '192.0.2.1');
const pass = () => rig.console.clock.advance(3_000);
const isoNow = () => new Date(rig.console.clock.nowMs()).toISOString();

describe('pairing', () => {
  test('needs nothing said: the device gets an id, and a code for ten minutes', async () => {
    const { status, headers, body } = await rig.ask('ann', 'POST /devices/pair');
    expect(status).toBe(201);
    expect(body).toEqual({
      device_id: expect.stringMatching(UUID),
      pairing_code: expect.stringMatching(/^[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}$/),
      expires_at: new Date(NOW_MS + 10 * MINUTE).toISOString(),
    });
    expect(headers['cache-control']).toBe('no-store');
    const { deviceId } = await activate(body.pairing_code);
    expect(deviceId).toBe(body.device_id);
  });

  test('takes an id, a name and a site; an empty object is as good as none', async () => {
    const { body: site } = await rig.ask('ann', 'POST /sites', { name: 'Roof', time_zone: 'Europe/Berlin' });
    const wanted = { device_id: 'door', name: 'Front door', site_id: site.site_id };
    const { status, body } = await rig.ask('ann', 'POST /devices/pair', wanted);
    expect([status, body.device_id]).toEqual([201, 'door']);
    const found = await rig.ask('ann', 'GET /devices/door');
    expect(found.body).toMatchObject({ ...wanted, epoch: 0, activated_at: null, pairing_expires_at: body.expires_at });
    expect((await rig.ask('ann', 'POST /devices/pair', {})).status).toBe(201);
  });

  test.each([
    [{ device_id: '../etc' }, '#/device_id'],
    [{ device_id: 'activate' }, '#/device_id'],
    [{ device_id: 'objects' }, '#/device_id'],
    [{ device_id: 'x'.repeat(65) }, '#/device_id'],
    [{ name: ' ' }, '#/name'],
    [{ name: 'two\nlines' }, '#/name'],
    [{ name: 'x'.repeat(101) }, '#/name'],
    [{ site_id: 'x' }, '#/site_id'],
    [{ owner: 'bob' }, '#/owner'],
  ])('refuses %j', async (wanted, pointer) => {
    const { status, body } = await rig.ask('ann', 'POST /devices/pair', wanted);
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([422, 'invalid-request', pointer]);
  });

  test('an id that only begins like a path is one', async () => {
    expect((await rig.ask('ann', 'POST /devices/pair', { device_id: 'objects-2' })).status).toBe(201);
  });

  test('makes it a device of whoever asks, and of no site of somebody else', async () => {
    const { body: site } = await rig.ask('bob', 'POST /sites', { name: 'Cellar', time_zone: 'Asia/Tokyo' });
    const refused = await rig.ask('ann', 'POST /devices/pair', { device_id: 'placed', site_id: site.site_id });
    expect([refused.status, refused.body.code]).toEqual([422, 'no-such-site']);
    expect((await rig.ask('ann', 'GET /devices/placed')).status).toBe(404);
    expect((await rig.ask('bob', 'POST /devices/pair', { device_id: 'placed', site_id: site.site_id })).status).toBe(
      201,
    );
    expect((await rig.ask('admin', 'GET /devices/placed')).body.owner).toBe('bob');
  });
});

describe('the list', () => {
  test('has the devices of the fleet, by page and by site', async () => {
    await rig.enrol('bob', 'bobs-1');
    await rig.enrol('bob', 'bobs-2');
    const { body: site } = await rig.ask('bob', 'POST /sites', { name: 'Yard', time_zone: 'UTC' });
    await rig.ask('bob', 'PATCH /devices/bobs-2', { site_id: site.site_id });
    const ids = async (who: 'bob' | 'bob-viewer' | 'ann' | 'admin', query = '') =>
      (await rig.ask(who, `GET /devices${query}`)).body.devices.map(({ device_id }) => device_id);
    expect(await ids('bob')).toEqual(['bobs-1', 'bobs-2', 'placed']);
    expect(await ids('bob-viewer')).toEqual(await ids('bob'));
    expect(await ids('bob', `?site_id=${site.site_id}`)).toEqual(['bobs-2']);
    expect(await ids('ann', `?site_id=${site.site_id}`)).toEqual([]);
    expect(await ids('ann')).not.toContain('bobs-1');
    expect(await ids('admin')).toEqual(expect.arrayContaining([...(await ids('bob')), ...(await ids('ann'))]));
    const page = await rig.ask('bob', 'GET /devices?page=2&page_size=2');
    expect(page.body).toMatchObject({ total: 3, page: 2, page_size: 2, has_more: false });
    expect(page.body.devices.map(({ device_id }) => device_id)).toEqual(['placed']);
  });

  test('says of each device what it is and how it is; whose, to those who see several owners’', async () => {
    const { id } = await enrolNew();
    const device = {
      device_id: id,
      name: null,
      site_id: null,
      created_at: isoNow(),
      activated_at: isoNow(),
      revoked_at: null,
      last_seen_at: null,
      epoch: 1,
      firmware_version: null,
      last_config_fetch_at: null,
      capture_mode: null,
      requires_signature: false,
      metadata: {},
      retention: {},
      pairing_expires_at: null,
    };
    expect((await rig.ask('ann', `GET /devices/${id}`)).body).toEqual(device);
    expect((await rig.ask('ann-viewer', `GET /devices/${id}`)).body).toEqual(device);
    expect((await rig.ask('admin', `GET /devices/${id}`)).body).toEqual({ ...device, owner: 'ann' });
  });

  test('has no code that waits for nobody any more', async () => {
    const { id } = await enrolNew();
    const waits = async () => (await rig.ask('ann', `GET /devices/${id}`)).body.pairing_expires_at;
    const { body } = await rig.ask('ann', 'POST /devices/pair', { device_id: id });
    expect(await waits()).toBe(body.expires_at);
    rig.console.clock.advance(10 * MINUTE);
    expect(await waits()).toBeNull();
    const again = await rig.ask('ann', 'POST /devices/pair', { device_id: id });
    const code = String(again.body.pairing_code);
    for (let guess = 0; guess < 5; guess++) {
      const wrong = `${code.slice(0, 6)}${code.endsWith('22222') ? '33333' : '22222'}`;
      await expect(rig.console.deviceAccess.pairings.activate(wrong, `192.0.2.${guess}`)).rejects.toThrow();
    }
    expect(await waits()).toBeNull();
  });
});

describe('a change', () => {
  test('names, places and notes; what is not said stays, null clears', async () => {
    const { id } = await enrolNew();
    const { body: site } = await rig.ask('ann', 'POST /sites', { name: 'Hall', time_zone: 'UTC' });
    const change = {
      name: 'Till',
      site_id: site.site_id,
      metadata: { floor: 2, lens: { mm: 4 } },
      requires_signature: true,
    };
    expect((await rig.ask('ann', `PATCH /devices/${id}`, change)).body).toMatchObject(change);
    expect((await rig.ask('ann', `PATCH /devices/${id}`, { name: 'Exit' })).body).toMatchObject({
      ...change,
      name: 'Exit',
    });
    const cleared = { name: null, site_id: null, metadata: { only: 'this' } };
    expect((await rig.ask('ann', `PATCH /devices/${id}`, cleared)).body).toMatchObject(cleared);
    expect((await rig.ask('ann', `GET /devices/${id}`)).body.metadata).toEqual({ only: 'this' });
  });

  test.each([
    [{}, '#'],
    [{ metadata: { text: 'x'.repeat(4_096) } }, '#/metadata'],
    [{ metadata: { 'a\0': 1 } }, '#/metadata'],
    [{ metadata: { a: ['\ud800'] } }, '#/metadata'],
    [{ metadata: [] }, '#/metadata'],
    [{ metadata: null }, '#/metadata'],
    [{ epoch: 3 }, '#/epoch'],
    [{ retention: { frames_h: -1 } }, '#/retention/frames_h'],
    [{ retention: { frames_d: 1 } }, '#/retention/frames_d'],
  ])('is refused when it cannot be kept (%#)', async (change, pointer) => {
    const { id } = await enrolNew();
    const { status, body } = await rig.ask('ann', `PATCH /devices/${id}`, change);
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([422, 'invalid-request', pointer]);
  });

  test('of how long its data is kept takes the place of what it was, and is noted', async () => {
    const { id } = await enrolNew();
    const [first, second] = [{ frames_h: 12, events_d: 0 }, { captures_h: 24 }];
    expect((await rig.ask('ann', `PATCH /devices/${id}`, { retention: first })).body.retention).toEqual(first);
    expect((await rig.ask('ann', `PATCH /devices/${id}`, { name: 'Till' })).body.retention).toEqual(first);
    expect((await rig.ask('ann', `PATCH /devices/${id}`, { retention: second })).body.retention).toEqual(second);
    const { body } = await rig.ask('ann', `GET /api/v1/audit?device_id=${id}`);
    expect(body.changes).toMatchObject([
      { what: 'device-retention', who: 'ann', on: id, details: { before: first, after: second } },
      { what: 'device-retention', details: { before: {}, after: first } },
    ]);
    const told = (await rig.ask('admin', 'GET /api/v1/admin/retention')).body.devices;
    expect(told).toContainEqual({ device_id: id, retention: second });
  });

  test('is refused when it is nested deeper than anything can follow', async () => {
    const { id } = await enrolNew();
    const text = `{"metadata":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await rig.ask('ann', `PATCH /devices/${id}`, text, headers);
    expect([status, body.errors[0]?.pointer]).toEqual([422, '#/metadata']);
  });

  test('of the owner is an administrator’s, and leaves the former owner’s site', async () => {
    const { id, token } = await enrolNew();
    const { body: site } = await rig.ask('ann', 'POST /sites', { name: 'Shed', time_zone: 'UTC' });
    await rig.ask('ann', `PATCH /devices/${id}`, { site_id: site.site_id });
    const mine = await rig.ask('ann', `PATCH /devices/${id}`, { owner: 'ann' });
    expect([mine.status, mine.body.code]).toEqual([403, 'not-allowed']);
    for (const owner of ['nobody', 'bob-viewer']) {
      const { status, body } = await rig.ask('admin', `PATCH /devices/${id}`, { owner });
      expect([status, body.code]).toEqual([422, 'no-such-owner']);
    }
    const taken = await rig.ask('admin', `PATCH /devices/${id}`, { owner: 'bob', site_id: site.site_id });
    expect([taken.status, taken.body.code]).toEqual([422, 'no-such-site']);
    const { body } = await rig.ask('admin', `PATCH /devices/${id}`, { owner: 'bob' });
    expect(body).toMatchObject({ owner: 'bob', site_id: null });
    expect((await rig.ask('ann', `GET /devices/${id}`)).status).toBe(404);
    expect((await rig.ask('bob', `GET /devices/${id}`)).status).toBe(200);
    expect(await known(token)).toMatchObject({ id, ownerId: rig.userOf('bob').id });
  });
});

describe('deleting', () => {
  test('ends the token and the code at once, and keeps the id for its owner', async () => {
    const { id, token } = await enrolNew();
    const { body: pairing } = await rig.ask('ann', 'POST /devices/pair', { device_id: id });
    expect((await rig.ask('ann', `DELETE /devices/${id}`)).status).toBe(204);
    expect(await known(token)).toBeNull();
    await expect(activate(pairing.pairing_code)).rejects.toMatchObject({ code: 'wrong-pairing-code' });
    expect((await rig.ask('ann', `GET /devices/${id}`)).status).toBe(404);
    expect((await rig.ask('ann', `DELETE /devices/${id}`)).status).toBe(404);
    expect((await rig.ask('ann', 'GET /api/status')).body.devices.map((device) => device.id)).not.toContain(id);

    const taken = await rig.ask('bob', 'POST /devices/pair', { device_id: id });
    expect([taken.status, taken.body.code]).toEqual([409, 'device-id-taken']);
    const { body: again } = await rig.ask('ann', 'POST /devices/pair', { device_id: id });
    expect((await rig.ask('ann', `GET /devices/${id}`)).status).toBe(200);
    expect(await activate(again.pairing_code)).toMatchObject({ deviceId: id, epoch: 2 });
    pass();
    expect(await known(token)).toBeNull();
  });

  test('also ends the token before a rotation', async () => {
    const { id, token } = await enrolNew();
    await rig.ask('ann', `POST /devices/${id}/token/rotate`);
    await rig.ask('ann', `DELETE /devices/${id}`);
    expect(await known(token)).toBeNull();
  });

  test('keeps what the device has sent, for those who saw it', async () => {
    const { id } = await enrolNew();
    await rig.console.addEvent([idOf(1), isoNow(), 'motion', id, {}]);
    await rig.ask('ann', `DELETE /devices/${id}`);
    expect((await rig.ask('ann', `GET /api/events?camera_id=${id}`)).body.events).toHaveLength(1);
  });
});

describe('revoking', () => {
  test('is in force once nobody remembers, can be said twice, and ends the code that waits', async () => {
    const { id, token } = await enrolNew();
    const { body: pairing } = await rig.ask('ann', 'POST /devices/pair', { device_id: id });
    await known(token);
    const revokedAt = isoNow();
    const { status, body } = await rig.ask('ann', `POST /devices/${id}/revoke`);
    expect([status, body]).toEqual([200, { device_id: id, revoked_at: revokedAt }]);
    await expect(activate(pairing.pairing_code)).rejects.toMatchObject({ code: 'wrong-pairing-code' });
    pass();
    expect(await known(token)).toMatchObject({ revoked: true });
    expect((await rig.ask('ann', `POST /devices/${id}/revoke`)).body.revoked_at).toBe(revokedAt);
    expect((await rig.ask('ann', `GET /devices/${id}`)).body.revoked_at).toBe(revokedAt);
  });

  test('is undone by pairing anew', async () => {
    const { id, token } = await enrolNew();
    await rig.ask('ann', `POST /devices/${id}/revoke`);
    const { body } = await rig.ask('ann', 'POST /devices/pair', { device_id: id });
    expect(await known(token)).toMatchObject({ revoked: true });
    const { token: next, epoch } = await activate(body.pairing_code);
    pass();
    expect([epoch, await known(token)]).toEqual([2, null]);
    expect(await known(next.token)).toMatchObject({ id, epoch: 2, revoked: false });
    expect((await rig.ask('ann', `GET /devices/${id}`)).body).toMatchObject({ revoked_at: null, epoch: 2 });
  });
});

describe('rotating a token', () => {
  const rotate = (id: string, token: string) =>
    rig.ask(null, `POST /devices/${id}/token/rotate`, undefined, { 'x-device-token': token });

  test('is for whoever manages the device; the old one lets in until the new one is used', async () => {
    const { id, token } = await enrolNew();
    const { status, headers, body } = await rig.ask('ann', `POST /devices/${id}/token/rotate`);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      device_id: id,
      device_token: expect.stringMatching(/^devtok_[\w-]{43}$/),
      signing_key: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await known(token)).toMatchObject({ id });
    expect(await known(String(body.device_token))).toMatchObject({ id, epoch: 1 });
    pass();
    expect(await known(token)).toBeNull();
  });

  test('is for the device itself, which asks again when the answer was lost', async () => {
    const { id, token } = await enrolNew();
    const lost = await rotate(id, token);
    const second = await rotate(id, token);
    expect([lost.status, second.status]).toEqual([200, 200]);
    pass();
    expect(await known(String(lost.body.device_token))).toBeNull();
    expect(await known(String(second.body.device_token))).toMatchObject({ id });
  });

  test('is for no other device, nor for one that is revoked', async () => {
    const [mine, other] = [await enrolNew(), await enrolNew()];
    expect(await rotate(mine.id, other.token)).toMatchObject({ status: 403, body: { code: 'wrong-device' } });
    expect(await rotate(mine.id, `devtok_${'x'.repeat(43)}`)).toMatchObject({ status: 401 });
    await rig.ask('ann', `POST /devices/${mine.id}/revoke`);
    pass();
    expect(await rotate(mine.id, mine.token)).toMatchObject({ status: 403, body: { code: 'device-revoked' } });
    const byOwner = await rig.ask('ann', `POST /devices/${mine.id}/token/rotate`);
    expect(byOwner).toMatchObject({ status: 409, body: { code: 'device-not-active' } });
  });

  test('needs a token to begin with', async () => {
    await rig.ask('ann', 'POST /devices/pair', { device_id: 'not-yet' });
    const { status, body } = await rig.ask('ann', 'POST /devices/not-yet/token/rotate');
    expect([status, body.code]).toEqual([409, 'device-not-active']);
    expect((await rig.ask('ann', 'POST /devices/never/token/rotate')).status).toBe(404);
  });
});
