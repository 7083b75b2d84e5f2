import { connect } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { NO_LIMITS, SECRET } from '../../http/access/devices/devices-under-test.ts';
import { checkAnswers } from '../../http/answers-under-test.ts';
import { createServer } from '../../http/server.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { registerIngest } from '../app.ts';
import { createClaims } from '../claims.ts';
import type { IngestConfig } from '../config.ts';
import type { DiskGuard } from '../disk-guard.ts';
import { createOutcomes, type Outcomes } from '../outcomes.ts';
import { type IngestRig, type Parts, picture } from '../rig-under-test.ts';
import type { UploadPlaces } from '../upload-places.ts';

export const FRAME_BYTES_MAX = 32_768;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly [name: string]: unknown };
}

export interface ListeningIngest {
  readonly url: string;
  readonly port: number;
  readonly rig: IngestRig;
  readonly outcomes: Outcomes;
  /** Sends as the device that is named, with its token. */
  upload(device: string, body: Buffer | string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Sends JSON as the device that is named; or what `sent` says. */
  ask(device: string, path: string, sent?: Sent): Promise<Answer>;
  metric(line: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Ingest behind a socket: what a parser does with a body that does not end shows on none but a real one. */
export async function listen(
  rig: IngestRig,
  config: Partial<IngestConfig> = {},
  change: (parts: Parts) => Partial<Parts> = () => ({}),
  places?: UploadPlaces,
  diskGuard: Pick<DiskGuard, 'requireRoom'> = { requireRoom: () => undefined },
): Promise<ListeningIngest> {
  const metrics = new Registry();
  const app = createServer({ logger: pino({ level: 'silent' }), metrics, timeouts: { closeGraceMs: 200 } });
  checkAnswers(app);
  const { services, clock } = rig;
  const parts = { blobs: services.openBlobs(), log: await services.openLog(clock) };
  const outcomes = createOutcomes({ store: services.store, clock });
  await registerIngest(app, {
    store: services.openStore('ingest'),
    ...parts,
    ...change({ ...parts, claims: createClaims({ store: services.store }) }),
    clock,
    codec: fixedCodec,
    metrics,
    outcomes,
    diskGuard,
    config: {
      ...NO_LIMITS,
      HEARTBEAT_INTERVAL_S: 60,
      FRAME_BYTES_MAX,
      REQUEST_BYTES_MAX: 64 * FRAME_BYTES_MAX,
      IN_FLIGHT_BYTES_MAX: 4 * FRAME_BYTES_MAX,
      DISK_FREE_MIN_BYTES: 0,
      ...config,
    },
    secret: SECRET,
    ...(places && { places }),
    devices: rig.devices,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    port: Number(new URL(url).port),
    rig,
    outcomes,
    upload: async (device, body, headers = {}) =>
      post(`${url}/upload?device=${device}`, body, { 'x-device-token': await rig.devices.enrol(device), ...headers }),
    ask: async (device, path, { method = 'POST', json, body = JSON.stringify(json), headers = {} } = {}) => {
      const token = await rig.devices.enrol(device);
      const type = json === undefined ? {} : { 'content-type': 'application/json' };
      return post(`${url}${path}`, body, { 'x-device-token': token, ...type, ...headers }, method);
    },
    metric: async (line) => {
      const text = await metrics.metrics();
      return text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.slice(line.length)
        .trim();
    },
    close: () => app.close(),
  };
}

interface Sent {
  readonly method?: string;
  readonly json?: object;
  readonly body?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Part {
  readonly name?: string;
  readonly filename?: string;
  readonly content: Buffer | string;
}

export function jpegPart(filename: string, content = 'a picture'): Part {
  return { filename, content: picture(content) };
}

export const BOUNDARY = 'frontier';

export function multipart(parts: readonly Part[], end = `--${BOUNDARY}--\r\n`): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ name = 'file', filename, content }) => [
      Buffer.from(
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"` +
          (filename === undefined ? '\r\n\r\n' : `; filename="${filename}"\r\nContent-Type: image/jpeg\r\n\r\n`),
      ),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ]);
}

export async function post(
  url: string,
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = {},
  method = 'POST',
): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    body,
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] };
}

/** Speaks HTTP by hand, so that a request need not end; resolves with what came back once the peer or we hang up. */
export function speak(
  port: number,
  writes: readonly (Buffer | string)[],
  hangUpAfterMs: number,
  onHeard = () => {},
): Promise<string> {
  return new Promise((settle) => {
    let heard = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      for (const bytes of writes) socket.write(bytes);
    });
    socket.on('data', (chunk) => {
      if (heard === '') onHeard();
      heard += chunk;
    });
    // A server that has answered may reset what still comes in.
    socket.on('error', () => undefined);
    socket.on('close', () => settle(heard));
    setTimeout(() => socket.destroy(), hangUpAfterMs);
  });
}

export function head(length: number | 'chunked', token: string, path = '/upload?device=camera'): string {
  const size = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Device-Token: ${token}\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n${size}\r\n\r\n`;
}
