import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Name, PASSWORD } from '../../http/access/people-under-test.ts';
import { event, NOW_MS } from '../../schemas/records-under-test.ts';
import type { Event } from '../../schemas/types.ts';
import { createEventWriter } from '../live-events/feed-under-test.ts';
import { QUIET_MS, STALLED_MS } from '../live-events/listener.ts';
import { LISTENERS_OF_USER_MAX } from '../live-events/live-events.ts';
import { openStream, type StreamUnderTest } from '../live-events/stream-under-test.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';

const PATH = '/api/events/stream';
const MINUTE_MS = 60_000;

let rig: ManagedConsole;
let port: number;
let write: ReturnType<typeof createEventWriter>;
const open: StreamUnderTest[] = [];

beforeAll(async () => {
  rig = await startManagedConsole();
  const { app, services, clock } = rig.console;
  await rig.enrol('ann', 'a-1');
  await rig.enrol('bob', 'b-1');
  await rig.enrol('admin', 'other');
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as { readonly port: number }).port;
  write = createEventWriter({ store: services.openStore('aggregator'), clock });
});
afterAll(() => rig?.stop());
afterEach(async () => {
  for (const stream of open.splice(0)) stream.leave();
  await expect.poll(() => metric('passerby_event_listeners')).toBe(0);
});

const look = () => rig.console.liveEvents.look();

async function metric(name: string): Promise<number> {
  const [, value] = new RegExp(`^${name} (\\d+)$`, 'm').exec(await rig.console.metrics.metrics()) ?? [];
  return Number(value ?? Number.NaN);
}

async function listenWith(headers: Readonly<Record<string, string>>, query = ''): Promise<StreamUnderTest> {
  const stream = await openStream(port, `${PATH}${query}`, headers);
  open.push(stream);
  if (stream.status === 200 && !('last-event-id' in headers)) await expect.poll(() => stream.lastId()).toBeDefined();
  return stream;
}

const listen = async (who: Name, query = '', headers = {}) =>
  listenWith({ ...(await rig.bearer(who)), ...headers }, query);

async function tokens(username: Name): Promise<{ readonly access_token: string; readonly refresh_token: string }> {
  const { body } = await rig.ask(null, 'POST /auth/login', { username, password: PASSWORD });
  return body as never;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (name: string, password = PASSWORD) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` });
const of = (device_id: string, name: string, change: Partial<Event> = {}) =>
  event(`${device_id} ${name}`, { device_id, ...change });
const cameras = (stream: StreamUnderTest) => stream.events().map(({ camera_id }) => camera_id);

test('tells each event in the words of the list, and its type', async () => {
  const stream = await listen('admin');
  expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
  expect(stream.headers).toMatchObject({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
  await write([of('a-1', 'one'), of('b-1', 'two', { type: 'crowd' })]);
  await look();
  await expect.poll(() => stream.events().length).toBe(2);
  const { body } = await rig.ask('admin', 'GET /api/events');
  expect(stream.events()).toEqual([...body.events].sort((a, b) => Number(a.id) - Number(b.id)));
  expect(stream.blocks.flatMap(({ event: type }) => type ?? [])).toEqual(['motion', 'crowd']);
  expect(stream.blocks[0]).toEqual({ retry: '2000' });
});

test('goes on behind the last id, by the header or the address; the header counts', async () => {
  const stream = await listen('admin');
  const before = stream.lastId() ?? '';
  await write([of('a-1', 'missed')]);
  await write([of('a-1', 'missed too')]);
  await look();
  await expect.poll(() => stream.events().length).toBe(2);
  const [, between, last] = stream.blocks.flatMap(({ id }) => id ?? []);
  const told = async (query: string, headers = {}) => {
    const again = await openStream(port, `${PATH}${query}`, { ...(await rig.bearer('admin')), ...headers });
    open.push(again);
    await write([of('a-1', `after ${query} ${JSON.stringify(headers)}`)]);
    await look();
    await expect.poll(() => again.events().length).toBeGreaterThan(0);
    await look();
    return again.events().map(({ id }) => id);
  };
  const [first, second] = stream.events().map(({ id }) => id);
  expect((await told(`?last_event_id=${before}`)).slice(0, 2)).toEqual([first, second]);
  expect((await told('', { 'last-event-id': between })).slice(0, 1)).toEqual([second]);
  const byBoth = await told(`?last_event_id=${before}`, { 'last-event-id': last });
  expect([byBoth.includes(first), byBoth.includes(second)]).toEqual([false, false]);
});

test('an id that nobody knows is told to list', async () => {
  const stream = await listen('admin', '?last_event_id=12-34');
  expect(stream.blocks).toMatchObject([{}, { event: 'reset', id: expect.any(String) }]);
  expect(JSON.parse(stream.blocks[1]?.data ?? '')).toMatchObject({ code: 'reset' });
});

test('several cameras and types may be asked for', async () => {
  const stream = await listen('admin', '?camera_id=a-1&camera_id=other&event_type=crowd');
  await write([of('a-1', 'x'), of('a-1', 'y', { type: 'crowd' }), of('b-1', 'y', { type: 'crowd' })]);
  await write([of('other', 'y', { type: 'crowd' })]);
  await look();
  await expect.poll(() => cameras(stream)).toEqual(['a-1', 'other']);
});

test('who hears nothing is told so, and where they are', async () => {
  const stream = await listen('admin', '?camera_id=nobody');
  await write([of('a-1', 'elsewhere')]);
  await look();
  const id = stream.lastId();
  rig.console.clock.advance(QUIET_MS);
  await look();
  await expect.poll(() => stream.lastId()).not.toBe(id);
  expect(Object.keys(stream.blocks.at(-1) ?? {})).toEqual(['id']);
});

describe('whose devices are told of', () => {
  test.each<[Name, readonly string[]]>([
    ['ann', ['a-1']],
    ['ann-viewer', ['a-1']],
    ['bob', ['b-1']],
    ['admin', ['a-1', 'b-1', 'other', 'unknown']],
  ])('%s', async (who, seen) => {
    const stream = await listen(who);
    const begun = stream.lastId() ?? '';
    await write(['a-1', 'b-1', 'other', 'unknown'].map((device) => of(device, `for ${who}`)));
    await look();
    await expect.poll(() => cameras(stream)).toEqual(seen);
    // And of what was before: the same.
    const again = await listen(who, `?last_event_id=${begun}`, {});
    await expect.poll(() => cameras(again)).toEqual(seen);
  });

  test('a device that is given to somebody else is told of to them from then on, and to nobody before', async () => {
    const [ann, bob] = [await listen('ann'), await listen('bob')];
    await rig.enrol('ann', 'moves');
    await write([of('moves', 'before')]);
    await look();
    const text = 'update devices set owner_id = $2 where id = $1';
    await rig.console.services.store.run({ name: 'move', text }, ['moves', rig.userOf('bob').id]);
    await write([of('moves', 'after')]);
    await look();
    await expect.poll(() => [cameras(ann), cameras(bob)]).toEqual([['moves'], ['moves']]);
    expect([ann, bob].map((stream) => stream.events()[0]?.event_id)).toEqual([
      of('moves', 'before').event_id,
      of('moves', 'after').event_id,
    ]);
  });
});

describe('ends within seconds', () => {
  const LOOKS_AGAIN_MS = 3_000;

  /** Whose stream ends by what is done, and by nothing before. */
  async function endsBy(stream: StreamUnderTest, code: string, done: () => Promise<unknown>): Promise<void> {
    rig.console.clock.advance(LOOKS_AGAIN_MS);
    await look();
    await done();
    rig.console.clock.advance(LOOKS_AGAIN_MS);
    // What happens by then is not told any more.
    await write([of('a-1', `${code} ${Math.random()}`), of('b-1', `${code} ${Math.random()}`)]);
    await look();
    await expect.poll(() => stream.isOver()).toBe(true);
    expect([stream.endedBy(), stream.events()]).toEqual([code, []]);
  }

  test('with its session, and does not begin again by the token that is left', async () => {
    const { access_token, refresh_token } = await tokens('ann');
    const stream = await listenWith(bearer(access_token));
    await endsBy(stream, 'signed-out', () => rig.ask(null, 'POST /auth/logout', { refresh_token }));
    expect((await listenWith(bearer(access_token))).status).toBe(401);
  });

  test('with its user', async () => {
    const { id } = await rig.management.create(rig.userOf('admin'), {
      username: 'soon gone',
      password: PASSWORD,
      role: 'viewer',
      owner: 'ann',
    });
    const stream = await listenWith(basic('soon gone'));
    await endsBy(stream, 'signed-out', () => rig.ask('admin', `DELETE /users/${id}`));
    expect((await listenWith(basic('soon gone'))).status).toBe(401);
  });

  test('with the password that it was let in by', async () => {
    const stream = await listenWith(basic('bob-viewer'));
    const { id } = rig.userOf('bob-viewer');
    await endsBy(stream, 'signed-out', () =>
      rig.ask('admin', `PATCH /users/${id}`, { password: 'another one, longer' }),
    );
    expect((await listenWith(basic('bob-viewer', 'another one, longer'))).status).toBe(200);
  });

  test('with whom they work for', async () => {
    const stream = await listen('ann-viewer');
    const { id } = rig.userOf('ann-viewer');
    await endsBy(stream, 'signed-out', () => rig.ask('admin', `PATCH /users/${id}`, { owner: 'bob' }));
    await rig.ask('admin', `PATCH /users/${id}`, { owner: 'ann' });
  });

  test('with the time of its token, after which the next goes on', async () => {
    const { access_token, refresh_token } = await tokens('ann');
    const stream = await listenWith(bearer(access_token));
    await endsBy(stream, 'token-over', async () => rig.console.clock.advance(15 * MINUTE_MS));
    const { body } = await rig.ask(null, 'POST /auth/refresh', { refresh_token });
    const again = await listenWith({ ...bearer(String(body.access_token)), 'last-event-id': stream.lastId() ?? '' });
    await expect.poll(() => cameras(again)).toEqual(['a-1']);
  });
});

test('who takes nothing is dropped, and what is kept for them is bounded; others are told of all', async () => {
  const [slow, quick] = [await listen('admin'), await listen('admin')];
  slow.stall();
  // Twenty megabytes: more than the system keeps for a connection.
  const boxes = Array.from({ length: 400 }, () => ({ x: 0.123456789, y: 0.123456789, width: 0.5, height: 0.5 }));
  const payload = { kind: 'Motion', score: 0.5, peak_score: 0.5, frames: 1, boxes } as const;
  const before = process.memoryUsage().arrayBuffers;
  const all = Array.from({ length: 500 }, (_, at) => of('a-1', `large ${at}`, { payload, occurred_at: NOW_MS + at }));
  for (let at = 0; at < all.length; at += 100) {
    await write(all.slice(at, at + 100));
    await look();
  }
  await expect.poll(() => quick.count(), { timeout: 20_000 }).toBe(all.length);
  expect(slow.isOver()).toBe(false);
  expect(await metric('passerby_event_listeners')).toBe(2);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  rig.console.clock.advance(STALLED_MS + 1);
  await look();
  expect(await metric('passerby_event_listeners')).toBe(1);
  expect(await rig.console.metrics.metrics()).toMatch(/^passerby_event_listeners_ended_total\{reason="too-slow"\} 1$/m);
  await write([of('a-1', 'for the quick one')]);
  await look();
  await expect.poll(() => quick.count()).toBe(all.length + 1);
  expect(quick.isOver()).toBe(false);
}, 120_000);

test('who hangs up while they are let in has no place any more', async () => {
  const { authorization } = await rig.bearer('bob');
  const head = `GET ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`;
  // One after the other, as long as it takes to be let in, and shorter.
  for (let number = 0; number < 2 * LISTENERS_OF_USER_MAX; number++) {
    const socket = connect(port, '127.0.0.1', () => socket.write(head));
    await once(socket, 'connect');
    await sleep(number % 10);
    socket.destroy();
  }
  await expect.poll(() => metric('passerby_event_listeners')).toBe(0);
  await expect.poll(() => metric('passerby_http_requests_in_flight')).toBe(0);
  for (let number = 0; number < LISTENERS_OF_USER_MAX; number++) expect((await listen('bob')).status).toBe(200);
  expect((await listen('bob')).status).toBe(429);
});

test('a page of another site gets none, though its browser knows the password', async () => {
  const own = `http://127.0.0.1:${port}`;
  const status = async (headers: Readonly<Record<string, string>>) =>
    (await listenWith({ ...basic('admin'), ...headers })).status;
  expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await status({ origin: 'https://elsewhere.example' })).toBe(403);
  expect(await status({ origin: own, 'sec-fetch-site': 'same-origin' })).toBe(200);
});

test('how long somebody listened is no time that we took to answer', async () => {
  (await listen('admin')).leave();
  await expect.poll(() => metric('passerby_event_listeners')).toBe(0);
  await expect.poll(() => metric('passerby_http_requests_in_flight')).toBe(0);
  expect((await listenWith({})).status).toBe(401);
  const counted = (await rig.console.metrics.metrics())
    .split('\n')
    .filter((line) => line.includes(`_count{route="${PATH}"`));
  const statuses = counted.map((line) => /status="(\d+)"/.exec(line)?.[1]);
  expect(statuses).toContain('401');
  expect(statuses.filter((status) => status === '200' || status === '499')).toEqual([]);
});

test('when the server closes, all are told so at once', async () => {
  const stream = await listen('admin');
  const startedMs = performance.now();
  await rig.console.app.close();
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  await expect.poll(() => stream.isOver()).toBe(true);
  expect(stream.endedBy()).toBe('closing');
});
