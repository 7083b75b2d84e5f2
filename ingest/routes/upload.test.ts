import { afterAll, beforeAll, expect, test } from 'vitest';
import { Outage } from '../../ports/errors.ts';
import { picture, startIngestRig } from '../rig-under-test.ts';
import { FRAME_BYTES_MAX, jpegPart, type ListeningIngest, listen, multipart, post } from './server-under-test.ts';

let ingest: ListeningIngest;
let takenMs: number;

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
  takenMs = ingest.rig.clock.nowMs();
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});

const upload: ListeningIngest['upload'] = (...sent) => ingest.upload(...sent);

test('a new frame is 202 with its id, the same again is 200 with the same id', async () => {
  const body = multipart([jpegPart(`${takenMs}.jpg`)]);
  const first = await upload('camera-1', body);
  expect(first).toMatchObject({ status: 202, body: { status: 'queued' } });
  const id = String(first.body.item_id);
  expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(first.body).toEqual({ status: 'queued', item_id: id, task_id: id });
  const again = await upload('camera-1', body);
  expect([again.status, again.body]).toEqual([200, { status: 'duplicate', item_id: id }]);
  expect((await ingest.rig.framesOf('camera-1')).map(({ frame_id }) => frame_id)).toEqual([id]);

  expect(await ingest.metric('passerby_ingest_frames_total{device="camera-1",status="queued"}')).toBe('1');
  expect(await ingest.metric('passerby_ingest_frames_total{device="camera-1",status="duplicate"}')).toBe('1');
  expect(await ingest.metric('passerby_ingest_bytes_total')).toBe(String(picture('a picture').length));
  expect(await ingest.metric('passerby_ingest_in_flight_bytes')).toBe('0');
});

test('form fields beside the picture do no harm, nor does any part name or JPG in capitals', async () => {
  const fields = [
    { name: 'battery', content: '3900' },
    { name: 'note', content: 'x'.repeat(500) },
  ];
  const body = multipart([...fields, { ...jpegPart(`${takenMs}.JPEG`), name: 'imageFile' }]);
  expect(await upload('camera-2', body)).toMatchObject({ status: 202 });
});

const one = () => multipart([jpegPart('1764318832186.jpg')]);
type Refusal = readonly [
  what: string,
  status: number,
  code: string,
  device: string,
  body: () => Buffer | string,
  type?: string,
];
const refusals: readonly Refusal[] = [
  ['no device', 422, 'invalid-request', '', one],
  ['a device that climbs', 422, 'invalid-request', '..%2F..%2Fetc', one],
  ['a device of dots', 422, 'invalid-request', '..', one],
  ['a device with a slash', 422, 'invalid-request', 'a%2Fb', one],
  ['a device with a backslash', 422, 'invalid-request', 'a%5Cb', one],
  ['a device with a NUL', 422, 'invalid-request', 'a%00', one],
  ['a device with a line break', 422, 'invalid-request', 'a%0A', one],
  ['a device that is too long', 422, 'invalid-request', 'a'.repeat(65), one],
  ['two devices', 422, 'invalid-request', 'a&device=b', one],
  ['a bare JPEG', 415, 'unsupported-media-type', 'refused', () => picture('x'), 'image/jpeg'],
  ['JSON', 415, 'not-multipart', 'refused', () => '{}', 'application/json'],
  ['no boundary', 400, 'malformed-multipart', 'refused', one, 'multipart/form-data'],
  ['another boundary', 400, 'malformed-multipart', 'refused', one, 'multipart/form-data; boundary=other'],
  [
    'a boundary that is too long',
    400,
    'malformed-multipart',
    'refused',
    one,
    `multipart/form-data; boundary=${'x'.repeat(300)}`,
  ],
  ['a body that breaks off', 400, 'malformed-multipart', 'refused', () => one().subarray(0, -20)],
  ['an empty body', 422, 'no-file', 'refused', () => ''],
  ['no file', 422, 'no-file', 'refused', () => multipart([{ content: 'hello' }])],
  ['two files', 422, 'too-many-files', 'refused', () => multipart([jpegPart('1764318832186.jpg'), jpegPart('2.jpg')])],
  ['an empty file', 422, 'empty-picture', 'refused', () => multipart([{ filename: '1.jpg', content: '' }])],
  ['a PNG', 415, 'not-a-jpeg', 'refused', () => multipart([{ filename: '1.jpg', content: '\x89PNG\r\n\x1a\n' }])],
  ['a name without a time', 422, 'bad-file-name', 'refused', () => multipart([jpegPart('picture.jpg')])],
  ['a name that climbs', 422, 'bad-file-name', 'refused', () => multipart([jpegPart('../17.jpg.sh')])],
  ['a time that is too long', 422, 'bad-file-name', 'refused', () => multipart([jpegPart('1234567890123456.jpg')])],
  ['a negative time', 422, 'bad-file-name', 'refused', () => multipart([jpegPart('-5.jpg')])],
  [
    'a field of many',
    413,
    'too-large',
    'refused',
    () => multipart(Array.from({ length: 30 }, () => ({ content: 'x' }))),
  ],
  [
    'too large a picture',
    413,
    'too-large',
    'refused',
    () => multipart([jpegPart('1.jpg', 'x'.repeat(FRAME_BYTES_MAX))]),
  ],
];

test.each(refusals.map((refusal) => [refusal[0], refusal] as const))('%s is refused', async (_what, refusal) => {
  const [, status, code, device, body, type] = refusal;
  const countedBefore = Number((await ingest.metric(`passerby_ingest_refused_total{code="${code}"}`)) ?? 0);
  const query = device === '' ? '' : `?device=${device}`;
  const token = await ingest.rig.devices.enrol('refused');
  const headers = { 'x-device-token': token, ...(type === undefined ? {} : { 'content-type': type }) };
  const answer = await post(`${ingest.url}/upload${query}`, body(), headers);
  expect(answer).toMatchObject({ status, body: { status, code } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await ingest.metric(`passerby_ingest_refused_total{code="${code}"}`)).toBe(String(countedBefore + 1));
  expect(await ingest.metric('passerby_ingest_in_flight_bytes')).toBe('0');
  expect(await ingest.rig.claimsOf(device)).toEqual([]);
});

test('a form sent from another site is refused', async () => {
  const answer = await upload('camera-1', one(), { 'sec-fetch-site': 'cross-site' });
  expect(answer).toMatchObject({ status: 403, body: { code: 'cross-site' } });
});

test('an outage is 503 with a time to wait and nothing of the inside', async () => {
  const cause = new Error('connect ECONNREFUSED 10.1.2.3:5432 secret-table');
  const down = await listen(ingest.rig, {}, ({ log }) => ({
    log: { ...log, append: () => Promise.reject(new Outage('the database does not answer', cause)) },
  }));
  const answer = await down.upload('outage', one());
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(JSON.stringify(answer.body)).not.toMatch(/10\.1\.2\.3|secret|database|ECONN/i);
  expect(await down.metric('passerby_ingest_refused_total{code="unavailable"}')).toBe('1');
  expect(await down.metric('passerby_ingest_in_flight_bytes')).toBe('0');
  await down.close();
});
