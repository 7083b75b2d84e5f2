import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Name, PASSWORD } from '../../http/access/people-under-test.ts';
import { event, NOW_MS } from '../../schemas/records-under-test.ts';
import type { Event } from '../../schemas/types.ts';
import { createEventWriter } from '../live-events/feed-under-test.ts';
import { QUIET_MS, STALLED_MS } from '../live-events/listener.ts';
import { type ManagedConsole, startManagedConsole } from './managed-under-test.ts';

const PATH = '/api/events/ws';
const LOOKS_AGAIN_MS = 3_000;

interface Told {
  readonly kind: string;
  readonly id: string;
  readonly event?: Readonly<Record<string, unknown>>;
}

interface SocketUnderTest {
  readonly socket: WebSocket;
  readonly told: readonly Told[];
  events(): readonly Readonly<Record<string, unknown>>[];
  /** The code by which it was closed. */
  closedBy(): number | null;
}

let rig: ManagedConsole;
let port: number;
let write: ReturnType<typeof createEventWriter>;
const open: SocketUnderTest[] = [];

beforeAll(async () => {
  rig = await startManagedConsole();
  const { app, services, clock } = rig.console;
  await rig.enrol('ann', 'a-1');
  await rig.enrol('bob', 'b-1');
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as { readonly port: number }).port;
  write = createEventWriter({ store: services.openStore('aggregator'), clock });
});
afterAll(() => rig?.stop());
afterEach(async () => {
  for (const { socket } of open.splice(0)) socket.terminate();
  await expect.poll(() => metric('passerby_event_listeners')).toBe(0);
  await expect.poll(() => metric('passerby_http_requests_in_flight')).toBe(0);
});

const look = () => rig.console.liveEvents.look();
const basic = (name: string) => ({ authorization: `Basic ${btoa(`${name}:${PASSWORD}`)}` });
const of = (device_id: string, name: string, change: Partial<Event> = {}) =>
  event(`${device_id} ${name}`, { device_id, ...change });

async function metric(name: string): Promise<number> {
  const [, value] = new RegExp(`^${name} (\\d+)$`, 'm').exec(await rig.console.metrics.metrics()) ?? [];
  return Number(value ?? Number.NaN);
}

/** Open, or the status with which it was refused. */
async function listenWith(headers: Readonly<Record<string, string>>, query = ''): Promise<SocketUnderTest | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${PATH}${query}`, { headers });
  const told: Told[] = [];
  let code: number | null = null;
  socket.on('message', (text: Buffer) => told.push(JSON.parse(text.toString())));
  socket.on('close', (by: number) => {
    code = by;
  });
  socket.on('error', () => undefined);
  const refused = await new Promise<number | null>((settle) => {
    socket.once('open', () => settle(null));
    socket.once('unexpected-response', (_request: unknown, answer: { readonly statusCode: number }) =>
      settle(answer.statusCode),
    );
  });
  if (refused !== null) return refused;
  const events = () => told.flatMap(({ event: one }) => (one ? [one] : []));
  const listening: SocketUnderTest = { socket, told, events, closedBy: () => code };
  open.push(listening);
  return listening;
}

async function listen(who: Name, query = '', headers = {}): Promise<SocketUnderTest> {
  const listening = await listenWith({ ...(await rig.bearer(who)), ...headers }, query);
  if (typeof listening === 'number') throw new Error(`refused: ${listening}`);
  if (query === '') await expect.poll(() => listening.told.length).toBe(1);
  return listening;
}

test('tells what the list answers, of the devices that somebody may see; and goes on behind an id', async () => {
  const [ann, all] = [await listen('ann'), await listen('admin')];
  const begun = ann.told[0]?.id;
  await write([of('a-1', 'one'), of('b-1', 'two')]);
  await write([of('a-1', 'one', { version: 2 }), of('a-1', 'three', { type: 'crowd' })]);
  await look();
  await expect.poll(() => [ann.events().length, all.events().length]).toEqual([2, 3]);
  const { body } = await rig.ask('ann', 'GET /api/events');
  const byId = (a: Readonly<Record<string, unknown>>, b: typeof a) => Number(a.id) - Number(b.id);
  expect([...ann.events()].sort(byId)).toEqual([...body.events].sort(byId));
  const again = await listen('ann', `?last_event_id=${begun}&event_type=crowd`);
  await expect.poll(() => again.events()).toEqual(ann.events().slice(1));
  rig.console.clock.advance(QUIET_MS);
  await look();
  await expect.poll(() => again.told.at(-1)?.kind).toBe('position');
  const unknown = await listen('ann', '?last_event_id=12-34');
  await expect.poll(() => unknown.told.map(({ kind }) => kind)).toEqual(['reset']);
});

test('who may not is answered as anybody else is', async () => {
  expect(await listenWith({})).toBe(401);
  const headers = await rig.bearer('ann');
  expect(await listenWith(headers, '?camera_id=%00')).toBe(422);
  expect((await rig.ask('ann', `GET ${PATH}`)).status).toBe(426);
  expect((await rig.ask('ann', `GET ${PATH}`, undefined, { upgrade: 'websocket' })).status).toBe(426);
});

test('a page of another site gets none, though its browser sends the password along', async () => {
  expect(await listenWith({ ...basic('ann'), origin: 'https://elsewhere.example' })).toBe(403);
  expect(await listenWith({ ...basic('ann'), 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(typeof (await listenWith({ ...basic('ann'), origin: `http://127.0.0.1:${port}` }))).toBe('object');
});

describe('what is no handshake', () => {
  async function answerTo(head: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(`${head.trim().split('\n').join('\r\n')}\r\n\r\n`);
    await once(socket, 'close');
    return answer;
  }
  const upgrade = 'Host: x\nConnection: upgrade\nUpgrade: websocket';
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

  test.each([
    [
      'of a version that nobody speaks',
      `GET ${PATH} HTTP/1.1\n${upgrade}\n${key}\nSec-WebSocket-Version: 7\nAUTH`,
      '426|400',
    ],
    ['without a key', `GET ${PATH} HTTP/1.1\n${upgrade}\nSec-WebSocket-Version: 13\nAUTH`, '400'],
    ['for another route', `GET /api/status HTTP/1.1\n${upgrade}\n${key}\nSec-WebSocket-Version: 13\nAUTH`, '200'],
    ['for no route', `GET /nothing HTTP/1.1\n${upgrade}\n${key}\nAUTH`, '404'],
    ['with a body', `POST /auth/login HTTP/1.1\n${upgrade}\nContent-Length: 2`, '501'],
    ['to another protocol', `GET ${PATH} HTTP/1.1\nHost: x\nConnection: upgrade\nUpgrade: h2c\nAUTH`, '426'],
  ])('%s is answered, and the connection closed', async (_, head, status) => {
    const { authorization } = await rig.bearer('ann');
    const answer = await answerTo(head.replace('AUTH', `Authorization: ${authorization}`));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 (${status}) `));
  });
});

describe('ends', () => {
  test('with its session, within seconds', async () => {
    const { body } = await rig.ask(null, 'POST /auth/login', { username: 'ann', password: PASSWORD });
    const listening = (await listenWith({ authorization: `Bearer ${body.access_token}` })) as SocketUnderTest;
    await rig.ask(null, 'POST /auth/logout', { refresh_token: body.refresh_token });
    rig.console.clock.advance(LOOKS_AGAIN_MS);
    await write([of('a-1', 'not to be told')]);
    await look();
    await expect.poll(() => listening.closedBy()).toBe(4001);
    expect(listening.events()).toEqual([]);
  });

  test('with the time of its token', async () => {
    const listening = await listen('ann');
    rig.console.clock.advance(15 * 60_000);
    await look();
    await expect.poll(() => listening.closedBy()).toBe(4002);
  });

  test('when something is said to it', async () => {
    const [one, other] = [await listen('ann'), await listen('ann')];
    one.socket.send('hello');
    other.socket.send('x'.repeat(2_000));
    await expect.poll(() => [one.closedBy(), other.closedBy()]).toEqual([1008, 1009]);
  });
});

test('who takes nothing is dropped, and what is kept for them is bounded; others are told of all', async () => {
  const [slow, quick] = [await listen('admin'), await listen('admin')];
  slow.socket.pause();
  const boxes = Array.from({ length: 400 }, () => ({ x: 0.123456789, y: 0.123456789, width: 0.5, height: 0.5 }));
  const payload = { kind: 'Motion', score: 0.5, peak_score: 0.5, frames: 1, boxes } as const;
  const before = process.memoryUsage().arrayBuffers;
  const all = Array.from({ length: 500 }, (_, at) => of('a-1', `large ${at}`, { payload, occurred_at: NOW_MS + at }));
  for (let at = 0; at < all.length; at += 100) {
    await write(all.slice(at, at + 100));
    await look();
  }
  await expect.poll(() => quick.events().length, { timeout: 20_000 }).toBe(all.length);
  expect(await metric('passerby_event_listeners')).toBe(2);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  rig.console.clock.advance(STALLED_MS + 1);
  await look();
  expect(await metric('passerby_event_listeners')).toBe(1);
  await write([of('a-1', 'for the quick one')]);
  await look();
  await expect.poll(() => quick.events().length).toBe(all.length + 1);
  slow.socket.resume();
  await expect.poll(() => slow.closedBy(), { timeout: 20_000 }).toBe(4008);
}, 120_000);

test('when the server closes, all are told so at once', async () => {
  const listening = await listen('admin');
  const startedMs = performance.now();
  await rig.console.app.close();
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  await expect.poll(() => listening.closedBy()).toBe(1001);
});
