import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIngestRig } from '../rig-under-test.ts';
import {
  FRAME_BYTES_MAX,
  head,
  jpegPart,
  type ListeningIngest,
  listen,
  multipart,
  speak,
} from './server-under-test.ts';

let ingest: ListeningIngest;
let token: string;

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
  token = await ingest.rig.devices.enrol('camera');
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});

/** Waits for what the server does after the peer has gone. */
async function eventually(read: () => Promise<unknown>, wanted: unknown): Promise<void> {
  for (let tries = 0; tries < 60 && (await read()) !== wanted; tries++) await sleep(25);
  expect(await read()).toBe(wanted);
}
const inFlight = () => ingest.metric('passerby_ingest_in_flight_bytes');

test.each([
  ['announced', (size: number) => [head(size, token)]],
  ['unannounced', () => [head('chunked', token), `${(64 * 1_048_576).toString(16)}\r\n`]],
])(
  'too large a picture, its size %s, is answered at once, although most of it is still to come',
  async (_size, start) => {
    const body = multipart([jpegPart('1.jpg', 'x'.repeat(FRAME_BYTES_MAX + 100))], '');
    const startedMs = performance.now();
    let answeredMs = 0;
    const heard = await speak(ingest.port, [...start(64 * 1_048_576), body], 1_100, () => {
      answeredMs = performance.now() - startedMs;
    });
    expect(heard).toMatch(/^HTTP\/1\.1 413 /);
    expect(answeredMs).toBeLessThan(1_000);
    await eventually(inFlight, '0');
  },
);

const large = (sizeBytes: number) => multipart([jpegPart('1.jpg', 'x'.repeat(sizeBytes))]);
const chunked = (body: Buffer) => [head('chunked', token), `${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n'];
const announced = (body: Buffer) => [head(body.length, token), body];

test.each([
  ['announced', () => announced(large(2 * FRAME_BYTES_MAX))],
  ['announced and hardly too large', () => announced(large(FRAME_BYTES_MAX + 1_000))],
  ['unannounced', () => chunked(large(128 * FRAME_BYTES_MAX))],
])('after a picture that was too large (%s) its connection serves the next', async (what, first) => {
  const next = multipart([jpegPart(`${ingest.rig.clock.nowMs()}.jpg`, what)]);
  const heard = await speak(ingest.port, [...first(), head(next.length, token), next], 2_500);
  expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 202']);
});

test('a device that goes away half-way leaves nothing', async () => {
  const body = multipart([jpegPart('1764318832186.jpg', 'x'.repeat(10_000))]);
  const path = '/upload?device=half-way';
  const heard = await speak(
    ingest.port,
    [head(body.length, await ingest.rig.devices.enrol('half-way'), path), body.subarray(0, 5_000)],
    200,
  );
  expect(heard).toBe('');
  await eventually(inFlight, '0');
  expect(await ingest.rig.claimsOf('half-way')).toEqual([]);
  expect(await ingest.rig.framesOf('half-way')).toEqual([]);
  expect(await ingest.rig.blobKeysOf('half-way')).toEqual([]);
  expect(await ingest.metric('passerby_ingest_refused_total{code="incomplete-body"}')).toBe('1');
});

test('a device that goes away before the last boundary leaves nothing', async () => {
  const body = multipart([jpegPart('1764318832186.jpg', 'x'.repeat(10_000))]);
  await speak(
    ingest.port,
    [head(body.length, await ingest.rig.devices.enrol('nearly'), '/upload?device=nearly'), body.subarray(0, -3)],
    200,
  );
  await eventually(inFlight, '0');
  expect(await ingest.rig.claimsOf('nearly')).toEqual([]);
});

test('more bytes at once than there may be are turned away, and welcome when there is room', async () => {
  const body = multipart([jpegPart(`${ingest.rig.clock.nowMs()}.jpg`)]);
  // Four that announce the most there may be, and stall.
  const stalled = Array.from({ length: 4 }, () =>
    speak(ingest.port, [head(FRAME_BYTES_MAX, token), body.subarray(0, 50)], 600),
  );
  await eventually(inFlight, String(4 * FRAME_BYTES_MAX));
  const answer = await ingest.upload('camera', body);
  expect(answer).toMatchObject({ status: 503, body: { code: 'busy' } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  await Promise.all(stalled);
  await eventually(inFlight, '0');
  expect((await ingest.upload('camera', body)).status).toBeLessThan(300);
});

test('a budget smaller than one picture still lets one picture in', async () => {
  const tight = await listen(ingest.rig, { IN_FLIGHT_BYTES_MAX: 1_024 });
  const body = multipart([jpegPart(`${ingest.rig.clock.nowMs()}.jpg`, 'x'.repeat(20_000))]);
  expect(await tight.upload('tight', body)).toMatchObject({ status: 202 });
  await tight.close();
});
