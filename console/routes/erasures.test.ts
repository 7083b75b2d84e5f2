import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Name } from '../../http/access/people-under-test.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { createCarryOut } from '../erasures/carry-out.ts';
import { createWritten, minutes, type Written } from '../erasures/erased-under-test.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';
import { NOW_MS } from './server-under-test.ts';

let rig: ManagedConsole;
let written: Written;
beforeAll(async () => {
  rig = await startManagedConsole();
  const { services, blobs, clock } = rig.console;
  written = createWritten(services, blobs, clock);
  for (const [owner, device] of [
    ['ann', 'a-1'],
    ['ann', 'a-2'],
    ['bob', 'b-1'],
  ] as const) {
    await rig.enrol(owner, device);
    await written.tell(device);
  }
  clock.advance(3_600_000);
});
afterAll(() => rig.stop());

const PATH = '/api/v1/erasures';
const iso = (minute: number) => new Date(minutes(minute)).toISOString();
const post = (who: Name, payload: object) => rig.ask(who, `POST ${PATH}`, payload);
const range = (device_id: string) => ({ kind: 'range', device_id, from: iso(0), to: iso(5) });
const idsFor = async (who: Name) => {
  const { body } = await rig.ask(who, `GET ${PATH}`);
  return (body as unknown as { erasures: readonly { id: string }[] }).erasures.map(({ id }) => id);
};

async function carryOut(): Promise<void> {
  const { services, blobs, clock, log } = rig.console;
  const carrying = createCarryOut({ store: services.store, blobs, clock, log, codec });
  await carrying.sweep(new AbortController().signal);
  clock.advance(15_000);
  await carrying.sweep(new AbortController().signal);
}

test('what is to be erased is counted, then erased, and the receipt says what is gone and what goes by when', async () => {
  const dry = await post('ann', { ...range('a-1'), dry_run: true });
  expect(dry).toMatchObject({
    status: 200,
    body: { dry_run: true, device_ids: ['a-1'], counts: { captures: 5, pictures: 5, observations: 5, events: 0 } },
  });
  expect(await idsFor('ann')).toEqual([]);

  const asked = await post('ann', range('a-1'));
  expect(asked).toMatchObject({
    status: 202,
    body: { kind: 'range', device_ids: ['a-1'], from: iso(0), to: iso(5), state: 'running', gone: {}, by: 'ann' },
  });
  await carryOut();
  const { body } = await rig.ask('ann', `GET ${PATH}/${asked.body.id}`);
  const finishedMs = rig.console.clock.nowMs();
  expect(body).toMatchObject({
    state: 'done',
    error: null,
    gone: { captures: 5, observations: 5, blobs: 5, events: 0 },
    finished_at: new Date(finishedMs).toISOString(),
  });
  // The embedded log: what all have read is gone, what they are still to read goes an hour after.
  expect(body.log).toEqual(
    expect.arrayContaining([
      { topic: 'tracker-state', by: new Date(finishedMs).toISOString() },
      { topic: 'frames', by: new Date(finishedMs + 3_660_000).toISOString() },
      { topic: 'device-status', by: new Date(finishedMs + 86_460_000).toISOString() },
    ]),
  );
});

describe('who may', () => {
  test('an owner erases of their own and sees that alone; who works for them sees it and asks for none', async () => {
    const { body } = await post('ann', range('a-2'));
    expect(await idsFor('ann')).toContain(body.id);
    expect(await idsFor('admin')).toContain(body.id);
    expect(await idsFor('bob')).not.toContain(body.id);
    expect((await rig.ask('bob', `GET ${PATH}/${body.id}`)).status).toBe(404);
    expect(await post('bob', range('a-2'))).toMatchObject({ status: 404, body: { code: 'no-such-device' } });

    const worker = {
      username: 'ann-operator',
      password: 'correct horse battery',
      role: 'operator',
      owner: 'ann',
    } as const;
    await rig.management.create(rig.userOf('admin'), worker);
    const user = await rig.signIn('ann-operator');
    if (!user) throw new Error('nobody works for ann');
    expect((await rig.ask(user, `POST ${PATH}`, range('a-2'))).status).toBe(403);
    expect((await rig.ask(user, `GET ${PATH}/${body.id}`)).status).toBe(200);
    expect((await post('ann-viewer', range('a-2'))).status).toBe(403);
  });

  test('a person of others is nobody, and to an administrator somebody', async () => {
    const [{ person_id = '' } = {}] = (
      await rig.console.services.rows<{ device_id: string; person_id: string }>('visits')
    ).filter(({ device_id }) => device_id === 'b-1');
    const wanted = { kind: 'person', person_id, dry_run: true };
    expect(await post('ann', wanted)).toMatchObject({ status: 404, body: { code: 'no-such-person' } });
    expect(await post('bob', wanted)).toMatchObject({
      status: 200,
      body: { device_ids: ['b-1'], counts: { visits: 1 } },
    });
    expect((await post('admin', wanted)).status).toBe(200);
  });
});

test('an erased device is let in no more, and its id is over', async () => {
  const token = await rig.enrol('ann', 'a-3');
  expect((await post('ann', { kind: 'device', device_id: 'a-3' })).status).toBe(202);
  const { devices } = (await rig.ask('ann', 'GET /devices')).body;
  expect(devices.map(({ device_id }) => device_id)).not.toContain('a-3');
  expect(await rig.ask('ann', 'POST /devices/pair', { device_id: 'a-3' })).toMatchObject({
    status: 409,
    body: { code: 'device-erased' },
  });
  expect((await rig.ask(null, 'POST /devices/a-3/token/rotate', undefined, { 'x-device-token': token })).status).toBe(
    401,
  );
});

test.each([
  ['of nothing', { kind: 'device' }, '#/device_id'],
  ['of nobody', { kind: 'person' }, '#/person_id'],
  ['of a range without an end', { kind: 'range', device_id: 'a-1', from: iso(0) }, '#/to'],
  ['of a range that ends before it begins', { kind: 'range', device_id: 'a-1', from: iso(5), to: iso(5) }, '#/from'],
  ['of what is still to come', { ...range('a-1'), to: new Date(NOW_MS + 10 * 3_600_000).toISOString() }, '#/to'],
  ['of a day that there is not', { ...range('a-1'), from: '2026-02-31' }, '#/from'],
  ['of a device and a time', { kind: 'device', device_id: 'a-1', from: iso(0) }, '#/from'],
  ['of a range and a person', { ...range('a-1'), person_id: 'x' }, '#/person_id'],
])('an erasure %s is refused, with what is wrong', async (_, payload, pointer) => {
  const before = await idsFor('admin');
  const { status, body } = await post('admin', payload);
  expect([status, body.errors]).toEqual([422, [{ in: 'body', pointer, detail: expect.any(String) }]]);
  expect(await idsFor('admin')).toEqual(before);
});
