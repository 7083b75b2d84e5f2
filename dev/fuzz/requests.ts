import { multipartBody, type Part } from '../simulate/multipart.ts';
import type { Random } from '../simulate/random.ts';
import { hostileText, mutateBytes, mutateJson } from './mutate.ts';

/** What is known to be right, from which requests that are not are made. */
export interface Target {
  readonly deviceId: string;
  readonly token: string;
  readonly jpeg: Buffer;
  readonly nowMs: number;
}

interface Draft {
  method: string;
  path: string;
  readonly headers: Record<string, string>;
  body: Buffer;
}

const BOUNDARY = 'fuzz-frontier';

/** One request as bytes: mostly well-formed, with one or a few things wrong, so that it gets past the first check. */
export function craftRequest(random: Random, target: Target): Buffer {
  const draft = random.pick(DRAFTS)(random, target);
  for (let faults = Math.floor(random.between(0, 4)); faults > 0; faults -= 1) random.pick(FAULTS)(random, draft);
  return asBytes(random, draft);
}

/** Half of a pair of surrogates has no place in a URL: by way of bytes it becomes what a decoder makes of it. */
function inUrl(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

type Make = (random: Random, target: Target) => Draft;

const DRAFTS: readonly [Make, ...Make[]] = [
  (random, target) => {
    const { nowMs, deviceId, jpeg } = target;
    const name = random.chance(0.7) ? `${nowMs - Math.floor(random.between(0, 1e6))}.jpg` : hostileText(random);
    const query = random.chance(0.8) ? `device=${deviceId}` : `device=${inUrl(hostileText(random))}`;
    const parts = [{ name: 'file', filename: name, content: pictureOf(random, jpeg) }];
    return multipart(`/upload?${query}`, target, random.chance(0.9) ? parts : [...parts, ...parts]);
  },
  (random, target) => multipart('/api/v1/ingest/frame', target, frameParts(random, target)),
  (random, target) =>
    multipart(
      '/api/v1/ingest/frames',
      target,
      Array.from({ length: Math.floor(random.between(0, 6)) }, () => frameParts(random, target)).flat(),
    ),
  (random, target) =>
    json('/devices/upload-url', target, mutateJson(random, { filename: 'a.jpg', content_type: 'image/jpeg', seq: 1 })),
  (random, target) =>
    json(
      '/devices/ingest',
      target,
      mutateJson(random, {
        object_key: `devices/${target.deviceId}/2026/01/01/1-a.jpg`,
        captured_at: '2026-01-01T00:00:00Z',
        seq: 1,
        ntp_synced: true,
        boot_id: 'b',
        uptime_ms: 5,
      }),
    ),
  (random, target) =>
    json(
      '/api/v1/ingest/heartbeat',
      target,
      mutateJson(random, {
        boot_id: 'b',
        uptime_s: 10,
        ntp_synced: true,
        rssi: -60,
        free_heap: 100_000,
        queue_depth: 3,
        dropped_ranges: [{ from_seq: 1, to_seq: 5 }],
        battery_mv: 3_900,
        temperature_c: 31.5,
        fw_version: '1.2',
        more: { a: [1] },
      }),
    ),
  (random, target) => json('/devices/activate', target, mutateJson(random, { pairing_code: 'ABCDE-FGHJK' })),
  (random, target) => ({
    method: 'GET',
    path: `/api/v1/device/config?device_id=${inUrl(random.chance(0.5) ? target.deviceId : hostileText(random))}`,
    headers: { ...credentials(target), 'if-none-match': hostileText(random) },
    body: Buffer.alloc(0),
  }),
  (random, target) => ({
    method: 'PUT',
    path: `/devices/objects/devices/${target.deviceId}/2026/01/01/1-a.jpg?expires=${Math.floor(random.between(0, 1e15))}&signature=${inUrl(hostileText(random))}`,
    headers: { 'content-type': 'image/jpeg' },
    body: pictureOf(random, target.jpeg),
  }),
  (random, target) => ({
    method: random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'BREW']),
    path: `/${random.pick(['upload', 'devices', 'api/v1', 'auth', 'docs', ''])}/${inUrl(hostileText(random))}`,
    headers: credentials(target),
    body: Buffer.from(hostileText(random)),
  }),
];

function frameParts(random: Random, { deviceId, jpeg, nowMs }: Target) {
  const meta = {
    device_id: deviceId,
    capture_ts: random.chance(0.5) ? nowMs : new Date(nowMs).toISOString(),
    seq: Math.floor(random.between(0, 2 ** 50)),
    width: 640,
    height: 480,
    jpeg_quality: 12,
    rssi: -60,
    fw_version: '1.0',
    notes: '',
    ntp_synced: random.chance(0.5),
    boot_id: 'b1',
    uptime_ms: 5_000,
    sent_uptime_ms: 6_000,
  };
  const content = Buffer.from(JSON.stringify(mutateJson(random, meta)));
  return [
    { name: 'meta', content: random.chance(0.9) ? content : mutateBytes(random, content) },
    { name: 'image', filename: 'f.jpg', content: pictureOf(random, jpeg) },
  ];
}

/** Rarely a whole one, so that the service is not kept busy with storing. */
function pictureOf(random: Random, jpeg: Buffer): Buffer {
  if (random.chance(0.02)) return jpeg;
  if (random.chance(0.5)) return Buffer.concat([jpeg.subarray(0, 4), Buffer.from(hostileText(random))]);
  return mutateBytes(random, jpeg.subarray(0, Math.floor(random.between(0, 2_000))));
}

function multipart(path: string, target: Target, parts: readonly Part[]): Draft {
  const headers = { ...credentials(target), 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  return { method: 'POST', path, headers, body: multipartBody(parts, BOUNDARY) };
}

function json(path: string, target: Target, value: unknown): Draft {
  const headers = { ...credentials(target), 'content-type': 'application/json' };
  return { method: 'POST', path, headers, body: Buffer.from(JSON.stringify(value) ?? '') };
}

function credentials({ token }: Target): Record<string, string> {
  return { 'x-device-token': token };
}

type Fault = (random: Random, draft: Draft) => void;

const FAULTS: readonly [Fault, ...Fault[]] = [
  (random, draft) => {
    draft.body = mutateBytes(random, draft.body);
  },
  (random, draft) => {
    draft.body = draft.body.subarray(0, Math.floor(random.between(0, draft.body.length)));
  },
  (random, { headers }) => {
    headers['content-type'] = random.pick([
      'multipart/form-data',
      'multipart/form-data; boundary=',
      `multipart/form-data; boundary="${'x'.repeat(100)}"`,
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain; charset=utf-16',
      hostileText(random),
    ]);
  },
  (random, { headers }) => {
    headers['content-length'] = random.pick(['0', '1', '99999999999', '-1', 'abc', '18446744073709551616']);
  },
  (_random, { headers }) => {
    headers['transfer-encoding'] = 'chunked';
  },
  (random, { headers }) => {
    headers['x-device-token'] = random.pick(['', 'devtok_', `devtok_${'A'.repeat(43)}`, hostileText(random)]);
  },
  (random, { headers }) => {
    headers[random.pick(['traceparent', 'expect', 'if-none-match', 'x-signature', 'x-signature-time', 'origin'])] =
      hostileText(random);
  },
  (random, draft) => {
    draft.path += random.pick([
      '?',
      '&device=a',
      '#',
      '%',
      '%00',
      '/..',
      '/%2e%2e/',
      '?__proto__[x]=1',
      '&seq=1&seq=2',
    ]);
  },
  (random, draft) => {
    draft.method = random.pick(['GET', 'PUT', 'HEAD', 'TRACE', 'CONNECT', 'post']);
  },
];

function asBytes(random: Random, { method, path, headers, body }: Draft): Buffer {
  const all: Record<string, string> = { host: '127.0.0.1', connection: 'close', ...headers };
  const chunked = all['transfer-encoding'] === 'chunked' && random.chance(0.7);
  if (!('content-length' in all) && !('transfer-encoding' in all)) all['content-length'] = String(body.length);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const sent = chunked
    ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    : body;
  const whole = Buffer.concat([head, sent]);
  return random.chance(0.03) ? mutateBytes(random, whole) : whole;
}
