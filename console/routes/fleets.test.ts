import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Name } from '../../http/access/people-under-test.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';
import { idOf, NOW_MS } from './server-under-test.ts';

/** Who sees what of what the devices have sent: of ann's two, of bob's one, and of one that is nobody's. */
const OWNED: readonly (readonly [device: string, owner: 'ann' | 'bob' | null])[] = [
  ['a-1', 'ann'],
  ['a-2', 'ann'],
  ['b-1', 'bob'],
  ['nobodys', null],
];
const at = new Date(NOW_MS - 10_000).toISOString();

let rig: ManagedConsole;
beforeAll(async () => {
  rig = await startManagedConsole();
  for (const [number, [device, owner]] of OWNED.entries()) {
    if (owner) await rig.enrol(owner, device);
    else await rig.console.addDevice([device, at, 1, []]);
    await rig.console.blobs.put(`images/${device}/1.jpg`, Buffer.from(`a picture of ${device}`));
    await rig.console.addCapture([idOf(number), at, device, 1, 'done', `images/${device}/1.jpg`]);
    await rig.console.addEvent([idOf(number), '2024-03-15T14:30:52.456Z', 'motion', device, {}]);
    const key = `snapshots/${device}/2024-03-15/motion_143052_456000.png`;
    await rig.console.blobs.put(key, Buffer.from('drawn'));
    await rig.console.addSnapshot([idOf(number), '2024-03-15T14:30:52.456Z', key]);
    await rig.console.addDeadLetter([idOf(number), device, at]);
  }
});
afterAll(() => rig.stop());

const everything = OWNED.map(([device]) => device);

describe.each<[Name, readonly string[]]>([
  ['ann', ['a-1', 'a-2']],
  ['ann-viewer', ['a-1', 'a-2']],
  ['bob', ['b-1']],
  ['bob-viewer', ['b-1']],
  ['admin', everything],
])('%s', (who, seen) => {
  const get = (path: string) => rig.ask(who, `GET ${path}`);

  test('sees the status of their devices, and rates of these alone', async () => {
    const { body } = await get('/api/status');
    expect(body.devices.map(({ id }) => id)).toEqual(seen);
    expect(body).toMatchObject({
      frames_per_minute: seen.length,
      dead_letters_last_day: seen.length,
      dead_letters_open: seen.length,
    });
  });

  test('sees events and captures of their devices, and counts no others', async () => {
    const [events, captures] = [await get('/api/events'), await get('/api/captures')];
    expect(events.body.events.map(({ camera_id }) => camera_id).sort()).toEqual(seen);
    expect(captures.body.captures.map(({ camera_id }) => camera_id).sort()).toEqual(seen);
    expect([events.body.total, captures.body.total]).toEqual([seen.length, seen.length]);
    for (const device of everything) {
      const { body } = await get(`/api/events?camera_id=${device}`);
      expect([body.events.length, body.total]).toEqual(seen.includes(device) ? [1, 1] : [0, 0]);
    }
  });

  test('sees pictures and snapshots of their devices; others are not there', async () => {
    const { body } = await rig.ask('admin', 'GET /api/events');
    const numbers = new Map(body.events.map(({ camera_id, id }) => [camera_id, id]));
    for (const [number, device] of everything.entries()) {
      const [status, code] = seen.includes(device) ? [200, undefined] : [404, 'no-such'];
      const picture = await rig.console.get(`/api/captures/${idOf(number)}/image`, await rig.bearer(who));
      expect([picture.status, picture.body.code]).toEqual([status, code && `${code}-picture`]);
      const snapshot = await rig.console.get(`/api/events/${numbers.get(device)}/snapshot`, await rig.bearer(who));
      expect([snapshot.status, snapshot.body.code]).toEqual([status, code && `${code}-event`]);
      const event = await rig.console.get(`/api/events/${numbers.get(device)}`, await rig.bearer(who));
      expect([event.status, event.body.code]).toEqual([status, code && `${code}-event`]);
    }
  });
});

test.each(['events', 'captures'] as const)(
  'a fleet’s %s come in the order and the pages of everybody’s',
  async (list) => {
    const times = Array.from({ length: 12 }, (_, n) => new Date(Date.UTC(2026, 0, 1, 0, (n * 7) % 5)).toISOString());
    for (const [n, time] of times.entries()) {
      const [device, id] = [['a-1', 'a-2', 'b-1'][n % 3] ?? '', idOf((list === 'events' ? 100 : 200) + n)];
      if (list === 'events') await rig.console.addEvent([id, time, n % 2 ? 'motion' : 'visit', device, {}]);
      else await rig.console.addCapture([id, time, device, n, n % 2 ? 'done' : 'dead', null]);
    }
    const span = 'start_time=2026-01-01&end_time=2026-01-01T00:04:00Z';
    const idsOf = async (who: Name, query: string) => {
      const { body } = await rig.ask(who, `GET /api/${list}?${query}`);
      return body[list].map((row) => ({ id: row.event_id ?? row.frame_id, device: String(row.camera_id) }));
    };
    const wanted = (await idsOf('admin', span)).filter(({ device }) => device.startsWith('a-'));
    expect(wanted).toHaveLength(8);
    const pages = await Promise.all([1, 2, 3, 4].map((page) => idsOf('ann', `${span}&page_size=3&page=${page}`)));
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 2, 0]);
    expect(pages.flat()).toEqual(wanted);
    const ofOne = `${span}&camera_id=a-2&${list === 'events' ? 'event_type=visit' : 'state=dead'}`;
    expect(await idsOf('ann', ofOne)).toEqual(await idsOf('admin', ofOne));
    expect(await idsOf('ann', `${span}&camera_id=b-1`)).toEqual([]);
  },
);

test('a fleet without devices sees nothing, and is told so', async () => {
  const { body: made } = await rig.ask('admin', 'POST /users', {
    username: 'new',
    password: 'correct horse battery',
    role: 'operator',
  });
  const fresh = { id: String(made.user_id), username: 'new', role: 'operator', fleetId: String(made.user_id) } as const;
  expect((await rig.ask(fresh, 'GET /api/events')).body).toMatchObject({ events: [], total: 0 });
  expect((await rig.ask(fresh, 'GET /api/captures')).body).toMatchObject({ captures: [], total: 0 });
  expect((await rig.ask(fresh, 'GET /api/status')).body).toMatchObject({ devices: [], frames_per_minute: 0 });
});
