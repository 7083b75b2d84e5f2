import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frameId } from '../../schemas/identity.ts';
import { picture, startIngestRig } from '../rig-under-test.ts';
import { FRAME_BYTES_MAX, type ListeningIngest, listen } from './server-under-test.ts';

let ingest: ListeningIngest;
let device: string;
let count = 0;

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});
beforeEach(() => {
  count += 1;
  device = `esp-${count}`;
});

interface Place {
  readonly upload_path: string;
  readonly object_key: string;
}

const FILE = '2025-12-26T10-15-30Z_000123.jpg';
const CAPTURED_AT = '2025-12-26T10:15:30Z';

const askPlace = (seq: number, filename = FILE, name = device) =>
  ingest.ask(name, '/devices/upload-url', { json: { filename, content_type: 'image/jpeg', seq } });
const placeOf = async (seq: number, filename = FILE) => (await askPlace(seq, filename)).body as unknown as Place;
const put = ({ upload_path: path }: Place, body = picture('a picture'), headers = {}) =>
  fetch(`${ingest.url}${path}`, {
    method: 'PUT',
    body: new Uint8Array(body),
    headers: { 'content-type': 'image/jpeg', ...headers },
  });
const say = (place: Pick<Place, 'object_key'>, seq: number, more = {}, name = device) =>
  ingest.ask(name, '/devices/ingest', {
    json: { object_key: place.object_key, captured_at: CAPTURED_AT, seq, ntp_synced: true, ...more },
  });

test('asking where to, putting, and saying so makes a frame, once', async () => {
  const answer = await askPlace(123);
  const { port } = new URL(ingest.url);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      upload_host: '127.0.0.1',
      upload_port: Number(port),
      upload_path: expect.stringMatching(/^\/devices\/objects\/devices\//),
      headers: { 'content-type': 'image/jpeg' },
      expires_at: new Date(ingest.rig.clock.nowMs() + 600_000).toISOString(),
      object_key: `devices/${device}/2025/12/26/123-${FILE}`,
    },
  });
  const place = answer.body as unknown as Place;
  expect(answer.body.upload_url).toBe(`${ingest.url}${place.upload_path}`);
  expect((await put(place)).status).toBe(201);
  expect((await put(place)).status).toBe(200);
  const id = frameId(device, 1, 123);
  const said = await say(place, 123);
  expect([said.status, said.body]).toEqual([202, { status: 'queued', item_id: id, task_id: id }]);
  const again = await say(place, 123);
  expect([again.status, again.body]).toEqual([200, { status: 'duplicate', item_id: id }]);
  expect(await ingest.rig.framesOf(device)).toMatchObject([
    {
      frame_id: id,
      blob_key: place.object_key,
      captured_at: Date.parse(CAPTURED_AT),
      time_quality: 'ntp',
      source: 'ingest',
    },
  ]);
});

test('the address is the one that devices reach, where that is set', async () => {
  const behind = await listen(ingest.rig, { PUBLIC_URL: 'https://cams.example' });
  const { body } = await behind.ask(device, '/devices/upload-url', {
    json: { filename: 'a.jpg', content_type: 'image/jpeg', seq: 1 },
  });
  expect(body).toMatchObject({ upload_host: 'cams.example', upload_port: 443 });
  expect(String(body.upload_url)).toMatch(/^https:\/\/cams\.example\/devices\/objects\//);
  await behind.close();
});

test('a device that is activated anew begins its seqs anew, in places of their own', async () => {
  const place = await placeOf(1);
  const { pairings } = ingest.rig.devices;
  const { code } = await pairings.pair({ deviceId: device, ownerId: null, fleetId: null });
  const { token } = await pairings.activate(code, '192.0.2.1');
  const headers = { 'x-device-token': token.token };
  const json = { filename: FILE, content_type: 'image/jpeg', seq: 1 };
  const next = await ingest.ask(device, '/devices/upload-url', { json, headers });
  expect(next.body.object_key).toBe(`devices/${device}/2025/12/26/1-e2-${FILE}`);
  expect(next.body.object_key).not.toBe(place.object_key);
});

describe('where to', () => {
  test.each([
    ['no seq', { filename: FILE, content_type: 'image/jpeg' }, '#/seq'],
    ['a negative seq', { filename: FILE, content_type: 'image/jpeg', seq: -1 }, '#/seq'],
    ['a PNG', { filename: FILE, content_type: 'image/png', seq: 1 }, '#/content_type'],
    ['a name that climbs', { filename: '../../x.jpg', content_type: 'image/jpeg', seq: 1 }, '#/filename'],
    ['a name of dots', { filename: '..', content_type: 'image/jpeg', seq: 1 }, '#/filename'],
    ['a name with a slash', { filename: 'a/b.jpg', content_type: 'image/jpeg', seq: 1 }, '#/filename'],
    ['a name with a NUL', { filename: 'a\0.jpg', content_type: 'image/jpeg', seq: 1 }, '#/filename'],
  ])('%s is 422', async (_what, json, pointer) => {
    const answer = await ingest.ask(device, '/devices/upload-url', { json });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid-request', errors: [{ pointer }] } });
  });
});

describe('putting', () => {
  test('is for that place alone, and for ten minutes', async () => {
    const place = await placeOf(1);
    const other = { ...place, upload_path: place.upload_path.replace(`/1-${FILE}`, `/2-${FILE}`) };
    expect((await put(other)).status).toBe(403);
    const later = { ...place, upload_path: place.upload_path.replace(/expires=\d+/, 'expires=99999999999999') };
    expect(await (await put(later)).json()).toMatchObject({ code: 'not-signed' });
    ingest.rig.clock.advance(600_001);
    expect(await (await put(place)).json()).toMatchObject({ code: 'address-expired' });
    expect(await ingest.rig.services.openBlobs().get(place.object_key)).toBeNull();
  });

  test('another picture in the same place is refused, and the first stays', async () => {
    const place = await placeOf(1);
    await put(place, picture('first'));
    const answer = await put(place, picture('second'));
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: 'seq-taken' }]);
    expect(await ingest.rig.services.openBlobs().get(place.object_key)).toEqual(picture('first'));
  });

  test.each([
    ['too much', picture('x'.repeat(FRAME_BYTES_MAX)), 413, 'too-large'],
    ['nothing', Buffer.alloc(0), 422, 'empty-picture'],
    ['a PNG', Buffer.from('\x89PNG\r\n'), 415, 'not-a-jpeg'],
  ])('%s is refused', async (_what, body, status, code) => {
    const answer = await put(await placeOf(1), body);
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
    expect(await ingest.metric('passerby_ingest_in_flight_bytes')).toBe('0');
  });

  test('too much that does not say so is refused, and the connection serves the next', async () => {
    const place = await placeOf(1);
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(picture('x'.repeat(4 * FRAME_BYTES_MAX))));
        controller.close();
      },
    });
    const sent: RequestInit & { duplex: 'half' } = { method: 'PUT', body: chunks, duplex: 'half' };
    const answer = await fetch(`${ingest.url}${place.upload_path}`, sent);
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'too-large' }]);
    expect((await put(place)).status).toBe(201);
  });

  test('needs no content type', async () => {
    const place = await placeOf(1);
    const answer = await fetch(`${ingest.url}${place.upload_path}`, {
      method: 'PUT',
      body: new Blob([new Uint8Array(picture('plain'))]),
    });
    expect(answer.status).toBe(201);
  });
});

describe('saying so', () => {
  test('before anything was put is refused, and can be said again after', async () => {
    const place = await placeOf(1);
    expect(await say(place, 1)).toMatchObject({ status: 409, body: { code: 'no-such-object' } });
    await put(place);
    expect(await say(place, 1)).toMatchObject({ status: 202 });
  });

  test("another device's object, or another seq's, is refused", async () => {
    const place = await placeOf(7);
    await put(place);
    const stranger = await say(place, 7, {}, 'stranger');
    expect(stranger).toMatchObject({ status: 422, body: { code: 'wrong-object-key' } });
    for (const [key, seq] of [
      [place.object_key, 8],
      [`images/${device}/1.jpg`, 7],
      [`devices/${device}/../stranger/2025/12/26/7-a.jpg`, 7],
      [`devices/${device}/2025/12/26/7-`, 7],
      [`devices/${device}/2025/12/26/x/7-a.jpg`, 7],
      ['', 7],
    ] as const) {
      expect(await say({ object_key: key }, seq)).toMatchObject({ status: 422, body: { code: 'wrong-object-key' } });
    }
    expect(await ingest.rig.framesOf('stranger')).toEqual([]);
  });

  test('what lies there and is no picture is refused and deleted, so that another can be put', async () => {
    const place = await placeOf(1);
    await ingest.rig.services.openBlobs().put(place.object_key, Buffer.from('no picture'));
    expect(await say(place, 1)).toMatchObject({ status: 415, body: { code: 'not-a-jpeg' } });
    expect((await put(place)).status).toBe(201);
    expect(await say(place, 1)).toMatchObject({ status: 202 });
  });

  test('what has become a frame is never deleted', async () => {
    const place = await placeOf(1);
    await put(place, picture('x'.repeat(20_000)));
    await say(place, 1);
    const strict = await listen(ingest.rig, { FRAME_BYTES_MAX: 10_000 });
    const json = { object_key: place.object_key, captured_at: CAPTURED_AT, seq: 1 };
    expect(await strict.ask(device, '/devices/ingest', { json })).toMatchObject({ status: 413 });
    expect(await ingest.rig.services.openBlobs().get(place.object_key)).not.toBeNull();
    await strict.close();
  });

  test('without a seq is 422', async () => {
    const json = { object_key: 'x', captured_at: CAPTURED_AT };
    const answer = await ingest.ask(device, '/devices/ingest', { json });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/seq', detail: 'is missing' }] } });
  });
});
