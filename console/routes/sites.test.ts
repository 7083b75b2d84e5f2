import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
});
afterAll(() => rig.stop());

let made = 0;
async function add(who: 'ann' | 'bob' | 'admin' = 'ann'): Promise<{ readonly id: string; readonly name: string }> {
  const name = `Site ${String(made++).padStart(3, '0')}`;
  const { status, body } = await rig.ask(who, 'POST /sites', { name, time_zone: 'Europe/Berlin' });
  expect(status).toBe(201);
  return { id: String(body.site_id), name };
}

describe('a site', () => {
  test('has a name and a time zone, and belongs to whoever made it', async () => {
    const { status, body } = await rig.ask('ann', 'POST /sites', { name: 'Café Nord', time_zone: 'europe/berlin' });
    const site = {
      site_id: expect.any(String),
      name: 'Café Nord',
      time_zone: 'Europe/Berlin',
      created_at: '2026-05-01T12:00:00.000Z',
    };
    expect([status, body]).toEqual([201, site]);
    expect((await rig.ask('ann-viewer', `GET /sites/${body.site_id}`)).body).toEqual(site);
    expect((await rig.ask('admin', `GET /sites/${body.site_id}`)).body).toEqual({ ...site, owner: 'ann' });
    for (const request of ['GET', 'DELETE'])
      expect((await rig.ask('bob', `${request} /sites/${body.site_id}`)).body.code).toBe('no-such-site');
    expect((await rig.ask('bob', `PATCH /sites/${body.site_id}`, { name: 'Mine' })).status).toBe(404);
  });

  test.each(['UTC', 'America/Argentina/Buenos_Aires', 'Asia/Kathmandu', 'Etc/GMT+5'])('may be in %s', async (zone) => {
    const { id } = await add();
    expect((await rig.ask('ann', `PATCH /sites/${id}`, { time_zone: zone })).body.time_zone).toBe(zone);
  });

  test.each([
    [{ name: 'X', time_zone: 'Europe/Atlantis' }, '#/time_zone'],
    [{ name: 'X', time_zone: '+02:00' }, '#/time_zone'],
    [{ name: 'X', time_zone: 'posix/Europe/Berlin' }, '#/time_zone'],
    [{ name: 'X', time_zone: 'EST5EDT4,M3.2.0,M11.1.0' }, '#/time_zone'],
    [{ name: 'X', time_zone: "'; --" }, '#/time_zone'],
    [{ name: 'X', time_zone: '' }, '#/time_zone'],
    [{ name: '', time_zone: 'UTC' }, '#/name'],
    [{ name: 'X' }, '#/time_zone'],
    [{ name: 'X', time_zone: 'UTC', owner: 'bob' }, '#/owner'],
  ])('cannot be %j', async (values, pointer) => {
    const { status, body } = await rig.ask('ann', 'POST /sites', values);
    expect([status, body.code, body.errors[0]?.pointer]).toEqual([422, 'invalid-request', pointer]);
  });

  test('has a name of its own among those of its owner', async () => {
    const [one, other] = [await add(), await add()];
    const again = await rig.ask('ann', 'POST /sites', { name: one.name, time_zone: 'UTC' });
    expect([again.status, again.body.code]).toEqual([409, 'site-name-taken']);
    const renamed = await rig.ask('ann', `PATCH /sites/${other.id}`, { name: one.name });
    expect([renamed.status, renamed.body.code]).toEqual([409, 'site-name-taken']);
    expect((await rig.ask('bob', 'POST /sites', { name: one.name, time_zone: 'UTC' })).status).toBe(201);
  });

  test('that is deleted leaves its devices without one', async () => {
    const { id } = await add();
    await rig.ask('ann', 'POST /devices/pair', { device_id: 'left', site_id: id });
    expect((await rig.ask('ann', `DELETE /sites/${id}`)).status).toBe(204);
    expect((await rig.ask('ann', 'GET /devices/left')).body.site_id).toBeNull();
    expect((await rig.ask('ann', `DELETE /sites/${id}`)).status).toBe(404);
  });
});

test('the list has the sites of the fleet, by name, in pages', async () => {
  const [one, other] = [await add('bob'), await add('bob')];
  const { body } = await rig.ask('bob-viewer', 'GET /sites');
  const names = body.sites.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([one.name, other.name]));
  expect(body.total).toBe(names.length);
  const page = await rig.ask('bob', 'GET /sites?page=2&page_size=1');
  expect(page.body.sites.map(({ name }) => name)).toEqual([names[1]]);
  expect((await rig.ask('ann', 'GET /sites')).body.sites.map(({ name }) => name)).not.toContain(one.name);
  const all = await rig.ask('admin', 'GET /sites?page_size=500');
  expect(all.body.sites.map(({ owner }) => owner)).toEqual(expect.arrayContaining(['ann', 'bob']));
});
