import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import { picture, startIngestRig } from '../rig-under-test.ts';
import {
  FRAME_BYTES_MAX,
  jpegPart,
  type ListeningIngest,
  listen,
  multipart,
  type Part,
  post,
} from './server-under-test.ts';

/** What becomes of what is sent, as ingest counts it: whatever dialect it came in, and wherever it was refused. */
let ingest: ListeningIngest;
let device: string;
let made = 0;

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});
beforeEach(() => {
  device = `camera-${made++}`;
});

interface Row {
  readonly device_id: string | null;
  readonly code: string;
  readonly status: number;
  readonly count: number;
}

/** `status code count`, of a device or of nobody. */
async function outcomesOf(deviceId: string | null, of = ingest): Promise<string[]> {
  await of.outcomes.write();
  const rows = await ingest.rig.services.rows<Row>('ingest_outcomes');
  return rows
    .filter(({ device_id }) => device_id === deviceId)
    .map(({ code, status, count }) => `${status} ${code} ${count}`)
    .sort();
}

const frame = (seq: number, content = 'a picture'): readonly Part[] => {
  const meta = { device_id: device, capture_ts: '2026-05-01T12:00:00Z', seq, width: 4, height: 3, jpeg_quality: 9 };
  return [
    { name: 'meta', content: JSON.stringify(meta) },
    { name: 'image', filename: 'frame.jpg', content: picture(content) },
  ];
};

test('frames that are taken, that come again, and that are refused', async () => {
  for (const parts of [
    [jpegPart('1777636800000.jpg')],
    [jpegPart('1777636800000.jpg')],
    [{ filename: '1777636800001.jpg', content: 'no picture' }],
    [jpegPart('1777636800002.jpg', 'x'.repeat(FRAME_BYTES_MAX))],
    [],
  ]) {
    await ingest.upload(device, multipart(parts));
  }
  expect(await outcomesOf(device)).toEqual([
    '200 duplicate 1',
    '202 queued 1',
    '413 too-large 1',
    '415 not-a-jpeg 1',
    '422 no-file 1',
  ]);
});

test('each of many frames that come together', async () => {
  const send = (parts: readonly Part[]) => ingest.ask(device, '/api/v1/ingest/frames', { body: multipart(parts) });
  expect((await send([...frame(1), ...frame(1), ...frame(1, 'another'), ...frame(2)])).status).toBe(200);
  // What follows cannot be read: told within the answer about what could.
  expect((await send([...frame(3), { name: 'nonsense', content: '' }])).status).toBe(207);
  expect((await send([])).status).toBe(422);
  expect(await outcomesOf(device)).toEqual([
    '200 duplicate 1',
    '202 queued 3',
    '409 seq-taken 1',
    '422 invalid-frame 1',
    '422 unknown-part 1',
  ]);
});

test('the steps of those who put pictures in place themselves: a frame is counted once', async () => {
  const json = { filename: 'frame.jpg', content_type: 'image/jpeg', seq: 1 };
  const { body } = await ingest.ask(device, '/devices/upload-url', { json });
  const { upload_url: url, object_key } = body as Record<string, string>;
  const put = (content: Buffer) => post(String(url), content, { 'content-type': 'image/jpeg' }, 'PUT');
  expect((await put(Buffer.from('no picture'))).status).toBe(415);
  expect((await put(picture('a picture'))).status).toBe(201);
  await ingest.ask(device, '/devices/ingest', { json: { object_key, captured_at: '2026-05-01T12:00:00Z', seq: 1 } });
  await ingest.ask(device, '/devices/ingest', {
    json: { object_key: 'x', captured_at: '2026-05-01T12:00:00Z', seq: 1 },
  });
  expect(await outcomesOf(device)).toEqual(['202 queued 1', '415 not-a-jpeg 1', '422 wrong-object-key 1']);
});

test('what is asked besides is nobody’s outcome', async () => {
  await ingest.ask(device, '/api/v1/ingest/heartbeat', { json: { nonsense: true } });
  await ingest.ask(device, '/devices/upload-url', { json: {} });
  await ingest.ask(device, '/api/v1/device/config?device_id=another', { method: 'POST' });
  expect(await outcomesOf(device)).toEqual([]);
});

test('an outage is a 503 of the device that was turned away', async () => {
  const down = await listen(ingest.rig, {}, () => ({
    blobs: { ...ingest.rig.services.openBlobs(), put: () => Promise.reject(new Outage('blobs', 'down')) },
  }));
  try {
    await down.upload(device, multipart([jpegPart('1777636800000.jpg')]));
    expect(await outcomesOf(device, down)).toEqual(['503 unavailable 1']);
  } finally {
    await down.close();
  }
});

test('however many devices and paths are made up, they take no row each', async () => {
  const body = multipart([jpegPart('1777636800000.jpg')]);
  const headers = (n: number) => ({ 'x-device-token': `devtok_${String(n).padStart(43, 'x')}` });
  const before = (await ingest.rig.services.rows('ingest_outcomes')).length;
  await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      await post(`${ingest.url}/upload?device=made-up-${n}`, body, headers(n));
      await post(
        `${ingest.url}/devices/objects/devices/made-up-${n}/2026/05/01/x.jpg?expires=1&signature=x`,
        body,
        {},
        'PUT',
      );
      await post(`${ingest.url}/api/v1/ingest/made-up-${n}`, body, headers(n));
    }),
  );
  // Of the device itself, but in the name of others.
  const token = await ingest.rig.devices.enrol(device);
  for (let n = 0; n < 20; n++)
    await post(`${ingest.url}/upload?device=made-up-${n}`, body, { 'x-device-token': token });
  expect(await outcomesOf(null)).toEqual(['401 unknown-device-token 100', '403 not-signed 100']);
  expect(await outcomesOf(device)).toEqual(['403 wrong-device 20']);
  expect(await ingest.rig.services.rows('ingest_outcomes')).toHaveLength(before + 3);
});
