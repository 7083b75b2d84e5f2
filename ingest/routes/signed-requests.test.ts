import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statement } from '../../ports/store/statement.ts';
import { picture, startIngestRig } from '../rig-under-test.ts';
import { type ListeningIngest, listen, multipart } from './server-under-test.ts';

const requireSignatures = statement(import.meta.url, '../../http/access/devices/sql/test-require-signature.sql');
const DEVICE = 'signing';
const UPLOAD = `/upload?device=${DEVICE}`;

let ingest: ListeningIngest;
let key: string;
let seq = 0;

beforeAll(async () => {
  ingest = await listen(await startIngestRig());
  const { pairings, enrol } = ingest.rig.devices;
  await enrol(DEVICE);
  const { code } = await pairings.pair({ deviceId: DEVICE, ownerId: null, fleetId: null });
  const answer = await fetch(`${ingest.url}/devices/activate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pairing_code: code }),
  });
  const activated = (await answer.json()) as { device_token: string; signing_key: string };
  token = activated.device_token;
  key = activated.signing_key;
  await ingest.rig.services.store.run(requireSignatures);
});
afterAll(async () => {
  await ingest.close();
  await ingest.rig.services.stop();
});

let token: string;

interface Signing {
  readonly method?: string;
  readonly path?: string;
  readonly timeMs?: number;
  readonly seq?: string;
  readonly body: Buffer;
  readonly key?: string;
}

function sign({ method = 'POST', path = UPLOAD, timeMs = ingest.rig.clock.nowMs(), body, ...other }: Signing) {
  seq += 1;
  const nonce = other.seq ?? String(seq);
  const digest = createHash('sha256').update(body).digest('hex');
  const signed = [method, path, String(timeMs), nonce, digest].join('\n');
  return {
    'x-device-token': token,
    'x-signature-time': String(timeMs),
    'x-signature-seq': nonce,
    'x-content-sha256': digest,
    'x-signature': createHmac('sha256', other.key ?? key)
      .update(signed)
      .digest('hex'),
  };
}

const frame = (content: string) => {
  seq += 1;
  return multipart([{ filename: `${ingest.rig.clock.nowMs() - seq}.jpg`, content: picture(content) }]);
};
const send = (body: Buffer, headers: Readonly<Record<string, string>>, path = UPLOAD) =>
  ingest.ask(DEVICE, path, { body, headers });

test('what is signed is taken', async () => {
  const body = frame('signed'.repeat(10_000).slice(0, 30_000));
  expect(await send(body, sign({ body }))).toMatchObject({ status: 202 });
});

test('JSON is signed the same way', async () => {
  const body = Buffer.from(JSON.stringify({ filename: 'a.jpg', content_type: 'image/jpeg', seq: 1 }));
  const path = '/devices/upload-url';
  const json = { 'content-type': 'application/json' };
  expect(await send(body, { ...sign({ path, body }), ...json }, path)).toMatchObject({ status: 200 });
  const other = Buffer.from(JSON.stringify({ filename: 'a.jpg', content_type: 'image/jpeg', seq: 2 }));
  const changed = await send(other, { ...sign({ path, body }), ...json }, path);
  expect(changed).toMatchObject({ status: 403, body: { code: 'wrong-body' } });
});

test('a request without a body is signed as one with an empty one', async () => {
  const path = `/api/v1/device/config?device_id=${DEVICE}`;
  const ask = (signing: Partial<Signing> = {}) =>
    ingest.ask(DEVICE, path, {
      method: 'GET',
      headers: sign({ method: 'GET', path, body: Buffer.alloc(0), ...signing }),
    });
  expect(await ask()).toMatchObject({ status: 200, body: { device_id: DEVICE } });
  expect(await ask({ body: Buffer.from('x') })).toMatchObject({ status: 403, body: { code: 'wrong-body' } });
});

test('of a body that is not the one signed, nothing is noted', async () => {
  const path = '/api/v1/ingest/frame';
  const meta = { device_id: DEVICE, capture_ts: 1, seq: 900, width: 1, height: 1, jpeg_quality: 1 };
  const forged = { ...meta, boot_id: 'forged', uptime_ms: 1, sent_uptime_ms: 1 };
  const partsOf = (said: object) =>
    multipart([
      { name: 'meta', content: JSON.stringify(said) },
      { name: 'image', filename: 'a.jpg', content: picture('a') },
    ]);
  const headers = sign({ path, body: partsOf(meta) });
  expect(await send(partsOf(forged), headers, path)).toMatchObject({ status: 403, body: { code: 'wrong-body' } });
  expect(await ingest.rig.services.rows('device_boots')).toEqual([]);
});

test('the same request again is refused, and signed anew it is a duplicate', async () => {
  const body = frame('again');
  const headers = sign({ body });
  expect(await send(body, headers)).toMatchObject({ status: 202 });
  expect(await send(body, headers)).toMatchObject({ status: 403, body: { code: 'replayed' } });
  expect(await send(body, sign({ body }))).toMatchObject({ status: 200 });
});

test('sixteen times at once, one is taken', async () => {
  const body = frame('at once');
  const headers = sign({ body });
  const answers = await Promise.all(Array.from({ length: 16 }, () => send(body, headers)));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(answers.filter(({ body: { code } }) => code === 'replayed')).toHaveLength(15);
});

test.each([
  ['nothing', () => ({ 'x-device-token': token }), 'signature-missing'],
  ['another key', (body: Buffer) => sign({ body, key: 'guessed' }), 'wrong-signature'],
  ['another path', (body: Buffer) => sign({ body, path: '/upload?device=other' }), 'wrong-signature'],
  ['another method', (body: Buffer) => sign({ body, method: 'PUT' }), 'wrong-signature'],
  ['another body', () => sign({ body: Buffer.from('other') }), 'wrong-body'],
  [
    'a time too long ago',
    (body: Buffer) => sign({ body, timeMs: ingest.rig.clock.nowMs() - 300_001 }),
    'signature-expired',
  ],
  [
    'a time too far ahead',
    (body: Buffer) => sign({ body, timeMs: ingest.rig.clock.nowMs() + 300_001 }),
    'signature-expired',
  ],
  ['a seq changed after', (body: Buffer) => ({ ...sign({ body }), 'x-signature-seq': '0' }), 'wrong-signature'],
])('%s is refused', async (_what, headers, code) => {
  const body = frame('refused');
  const before = (await ingest.rig.framesOf(DEVICE)).length;
  expect(await send(body, headers(body))).toMatchObject({ status: 403, body: { code } });
  expect(await ingest.rig.framesOf(DEVICE)).toHaveLength(before);
});

test('a replay is known until its time is no longer believed, and then forgotten', async () => {
  const body = frame('late');
  const headers = sign({ body, timeMs: ingest.rig.clock.nowMs() + 299_000 });
  expect(await send(body, headers)).toMatchObject({ status: 202 });
  ingest.rig.clock.advance(598_000);
  expect(await send(body, headers)).toMatchObject({ body: { code: 'replayed' } });
  ingest.rig.clock.advance(3_000);
  expect(await send(body, headers)).toMatchObject({ body: { code: 'signature-expired' } });
  const next = frame('next');
  await send(next, sign({ body: next }));
  expect(await ingest.rig.services.rows('seen_signatures')).toHaveLength(1);
});

test('many frames in one request cannot be signed', async () => {
  const path = '/api/v1/ingest/frames';
  const body = frame('many');
  expect(await send(body, sign({ path, body }), path)).toMatchObject({ status: 403, body: { code: 'not-signable' } });
});
