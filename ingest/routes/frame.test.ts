import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frameId } from '../../schemas/identity.ts';
import { picture, startIngestRig } from '../rig-under-test.ts';
import { FRAME_BYTES_MAX, type ListeningIngest, listen, multipart, type Part } from './server-under-test.ts';

let ingest: ListeningIngest;
/** A second before the rig's clock. */
const takenMs = Date.UTC(2026, 4, 1, 11, 59, 59);

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});

const metaOf = (device: string, seq: number, more: object = {}) => ({
  device_id: device,
  capture_ts: new Date(takenMs).toISOString(),
  seq,
  width: 640,
  height: 480,
  jpeg_quality: 12,
  ...more,
});
const metaPart = (meta: object | string): Part => ({
  name: 'meta',
  content: typeof meta === 'string' ? meta : JSON.stringify(meta),
});
const imagePart = (content = 'a picture'): Part => ({ name: 'image', filename: 'f.jpg', content: picture(content) });
const send = (device: string, parts: readonly Part[], path = '/api/v1/ingest/frame') =>
  ingest.ask(device, path, { body: multipart(parts) });

describe('POST /api/v1/ingest/frame', () => {
  test('a new frame is 202, known by its seq; the same again is 200', async () => {
    const parts = [metaPart(metaOf('pi-1', 41, { rssi: -61, fw_version: '1.0', notes: 'x' })), imagePart()];
    const id = frameId('pi-1', 1, 41);
    expect(await send('pi-1', parts)).toMatchObject({
      status: 202,
      body: { status: 'queued', item_id: id, task_id: id },
    });
    const again = await send('pi-1', parts);
    expect([again.status, again.body]).toEqual([200, { status: 'duplicate', item_id: id }]);
    expect(await ingest.rig.framesOf('pi-1')).toMatchObject([
      { frame_id: id, epoch: 1, seq: 41, captured_at: takenMs, time_quality: 'device', source: 'frame' },
    ]);
  });

  test('the image may come first, and the meta as a file or as JSON', async () => {
    const meta = metaPart(metaOf('pi-2', 1));
    expect(await send('pi-2', [imagePart(), meta])).toMatchObject({ status: 202 });
    const file = { ...metaPart(metaOf('pi-2', 2)), filename: 'meta.json' };
    expect(await send('pi-2', [file, imagePart()])).toMatchObject({ status: 202 });
  });

  test('all that is missing or wrong is named in one answer', async () => {
    const { seq: _, ...without } = metaOf('pi-3', 1, { width: '640', capture_ts: 'yesterday', jpeg_quality: 101 });
    const answer = await send('pi-3', [metaPart(without)]);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid-frame' } });
    const errors = answer.body.errors as readonly { pointer: string }[];
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '#/image',
      '#/meta/capture_ts',
      '#/meta/jpeg_quality',
      '#/meta/seq',
      '#/meta/width',
    ]);
  });

  test.each([
    ['nothing', [], 422, 'invalid-frame'],
    ['a meta that is no JSON', [metaPart('{'), imagePart()], 422, 'invalid-frame'],
    ['a meta that is a list', [metaPart('[]'), imagePart()], 422, 'invalid-frame'],
    ['a meta that is too long', [metaPart({ notes: 'x'.repeat(9_000) }), imagePart()], 413, 'meta-too-large'],
    ['an empty image', [{ name: 'image', filename: 'a.jpg', content: '' }], 422, 'empty-picture'],
    ['a PNG', [{ name: 'image', filename: 'a.jpg', content: '\x89PNG' }], 415, 'not-a-jpeg'],
    ['another part', [imagePart(), { name: 'extra', content: 'x' }], 422, 'unknown-part'],
    ['two images', [imagePart(), imagePart()], 422, 'unknown-part'],
    ['too large an image', [imagePart('x'.repeat(FRAME_BYTES_MAX))], 413, 'too-large'],
  ] as const)('%s is refused', async (_what, parts, status, code) => {
    const whole = parts.some(({ name }) => name === 'meta') || code === 'invalid-frame';
    const sent = whole ? parts : [metaPart(metaOf('pi-4', 1)), ...parts];
    expect(await send('pi-4', sent)).toMatchObject({ status, body: { code } });
    expect(await ingest.rig.framesOf('pi-4')).toEqual([]);
    expect(await ingest.metric('passerby_ingest_in_flight_bytes')).toBe('0');
  });

  test('a part without a name is refused', async () => {
    const body = multipart([imagePart()]).toString('latin1').replace(' name="image";', '');
    const answer = await ingest.ask('pi-4', '/api/v1/ingest/frame', { body: Buffer.from(body, 'latin1') });
    expect(answer).toMatchObject({ status: 422, body: { code: 'unknown-part' } });
  });

  test('its picture lies where no other dialect puts one', async () => {
    await send('pi-9', [metaPart(metaOf('pi-9', 5)), imagePart()]);
    const [frame] = await ingest.rig.framesOf('pi-9');
    const json = { filename: '5.jpg', content_type: 'image/jpeg', seq: 1 };
    const { body } = await ingest.ask('pi-9', '/devices/upload-url', { json });
    expect(body.object_key).toMatch(/1-5\.jpg$/);
    expect(frame?.blob_key).not.toBe(body.object_key);
  });

  test("another device's name is refused", async () => {
    await ingest.rig.devices.enrol('pi-1');
    const answer = await send('pi-5', [metaPart(metaOf('pi-1', 99)), imagePart()]);
    expect(answer).toMatchObject({ status: 403, body: { code: 'wrong-device' } });
  });

  test('another picture under a seq that is taken is not called a duplicate', async () => {
    await send('pi-6', [metaPart(metaOf('pi-6', 1)), imagePart('first')]);
    const answer = await send('pi-6', [metaPart(metaOf('pi-6', 1)), imagePart('second')]);
    expect(answer).toMatchObject({ status: 409, body: { code: 'seq-taken' } });
    expect(await ingest.rig.framesOf('pi-6')).toHaveLength(1);
  });

  test.each([
    ['a clock that is set', { ntp_synced: true }, 0, 'ntp'],
    ['a clock that is not', { ntp_synced: false }, 0, 'device'],
    [
      'no clock, but an uptime',
      { capture_ts: 5_000, boot_id: 'b1', uptime_ms: 10_000, sent_uptime_ms: 70_000 },
      -59_000,
      'uptime',
    ],
    [
      'the uptime of a boot that is known by now',
      { capture_ts: 6_000, boot_id: 'b1', uptime_ms: 30_000 },
      -39_000,
      'uptime',
    ],
    [
      'the uptime of a boot that nobody knows',
      { capture_ts: 6_000, boot_id: 'b2', uptime_ms: 30_000 },
      1_000,
      'arrival',
    ],
    ['a clock far ahead', { capture_ts: '2031-01-01T00:00:00Z', ntp_synced: true }, 1_000, 'arrival'],
  ])('%s', async (what, said, offsetMs, quality) => {
    const seq = [...what].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
    expect(await send('timed', [metaPart(metaOf('timed', seq, said)), imagePart(what)])).toMatchObject({ status: 202 });
    const frame = (await ingest.rig.framesOf('timed')).find((one) => one.seq === seq);
    expect(frame).toMatchObject({ captured_at: takenMs + offsetMs, time_quality: quality });
  });

  test('a boot that was told by a clock that is set stays told, whatever is estimated later', async () => {
    const exact = { ntp_synced: true, boot_id: 'b', uptime_ms: 60_000 };
    await send('booted', [metaPart(metaOf('booted', 1, exact)), imagePart('1')]);
    const rough = { capture_ts: 7, boot_id: 'b', uptime_ms: 61_000, sent_uptime_ms: 500_000 };
    await send('booted', [metaPart(metaOf('booted', 2, rough)), imagePart('2')]);
    const frames = await ingest.rig.framesOf('booted');
    expect(frames.find(({ seq }) => seq === 2)).toMatchObject({ captured_at: takenMs + 1_000, time_quality: 'uptime' });
  });
});

describe('POST /api/v1/ingest/frames', () => {
  const path = '/api/v1/ingest/frames';
  const resultsOf = (answer: { readonly body: { readonly [name: string]: unknown } }) =>
    answer.body.results as readonly { readonly seq?: number; readonly status: string; readonly problem?: object }[];

  test('each is answered on its own', async () => {
    const parts = [
      ...[metaPart(metaOf('many', 1)), imagePart('1')],
      ...[metaPart(metaOf('many', 2)), imagePart('x'.repeat(FRAME_BYTES_MAX))],
      ...[metaPart(metaOf('many', 1)), imagePart('1')],
      ...[metaPart(metaOf('other', 3)), imagePart('3')],
      ...[metaPart('{"seq": 4'), imagePart('4')],
      ...[metaPart(metaOf('many', 5))],
      ...[metaPart(metaOf('many', 6)), { name: 'image', filename: 'f.jpg', content: 'no JPEG' }],
      ...[metaPart(metaOf('many', 7)), imagePart('7')],
    ];
    const answer = await send('many', parts, path);
    expect(answer.status).toBe(200);
    expect(resultsOf(answer)).toMatchObject([
      { seq: 1, status: 'queued', item_id: frameId('many', 1, 1) },
      { seq: 2, status: 'refused', problem: { status: 413, code: 'too-large' } },
      { seq: 1, status: 'duplicate', item_id: frameId('many', 1, 1) },
      { seq: 3, status: 'refused', problem: { status: 403, code: 'wrong-device' } },
      { status: 'refused', problem: { status: 422, code: 'invalid-frame' } },
      { seq: 5, status: 'refused', problem: { status: 422, code: 'invalid-frame' } },
      { seq: 6, status: 'refused', problem: { status: 415, code: 'not-a-jpeg' } },
      { seq: 7, status: 'queued' },
    ]);
    expect((await ingest.rig.framesOf('many')).map(({ seq }) => seq).sort()).toEqual([1, 7]);
    expect(await ingest.metric('passerby_ingest_in_flight_bytes')).toBe('0');
  });

  test('what was taken is told also when the rest cannot be read', async () => {
    const pairs = [1, 2, 3, 4].flatMap((seq) => [metaPart(metaOf('cut', seq)), imagePart(`${seq}`.padEnd(30_000))]);
    const body = multipart(pairs, '--front');
    const answer = await ingest.ask('cut', path, { body });
    expect(answer).toMatchObject({ status: 207, body: { problem: { code: 'malformed-multipart' } } });
    expect(resultsOf(answer)[0]).toMatchObject({ seq: 1, status: 'queued' });
    expect(await ingest.rig.framesOf('cut')).toHaveLength(resultsOf(answer).length);
  });

  test.each([
    ['nothing', [], 422, 'invalid-frame'],
    ['an image without a meta', [imagePart()], 422, 'unknown-part'],
    [
      'more than a request may have',
      Array.from({ length: 70 }, (_, at) => [metaPart(metaOf('full', at)), imagePart(`${at}`.padEnd(32_000))]).flat(),
      413,
      'request-too-large',
    ],
  ] as const)('%s is refused', async (_what, parts, status, code) => {
    expect(await send('full', parts, path)).toMatchObject({ status, body: { code } });
  });
});

test('GET /api/v1/time asks nobody who they are', async () => {
  const answer = await fetch(`${ingest.url}/api/v1/time`);
  const nowMs = ingest.rig.clock.nowMs();
  expect(await answer.json()).toEqual({ time: new Date(nowMs).toISOString(), unix_ms: nowMs });
});
