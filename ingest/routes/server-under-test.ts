import { connect } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createServer } from '../../http/server.ts';
import { fixedCodec } from '../../schemas/codec.ts';
import { registerIngest } from '../app.ts';
import type { IngestConfig } from '../config.ts';
import { type IngestRig, type Parts, picture } from '../rig-under-test.ts';

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
  metric(line: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Ingest behind a socket: what a parser does with a body that does not end shows on none but a real one. */
export async function listen(
  rig: IngestRig,
  config: Partial<IngestConfig> = {},
  change: (parts: Parts) => Partial<Parts> = () => ({}),
): Promise<ListeningIngest> {
  const metrics = new Registry();
  const app = createServer({ logger: pino({ level: 'silent' }), metrics, timeouts: { closeGraceMs: 200 } });
  const { services, clock } = rig;
  const parts = { blobs: services.openBlobs(), log: await services.openLog(clock) };
  await registerIngest(app, {
    store: services.openStore('ingest'),
    ...parts,
    ...change({ ...parts, claims: { claim: () => Promise.reject(), confirm: () => Promise.reject() } }),
    clock,
    codec: fixedCodec,
    metrics,
    config: { DEVICES_MAX: 100, FRAME_BYTES_MAX, IN_FLIGHT_BYTES_MAX: 4 * FRAME_BYTES_MAX, ...config },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    port: Number(new URL(url).port),
    rig,
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

export interface Part {
  readonly name?: string;
  readonly filename?: string;
  readonly content: Buffer | string;
}

export function jpegPart(filename: string, content = 'a picture'): Part {
  return { filename, content: picture(content) };
}

const BOUNDARY = 'frontier';

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
): Promise<Answer> {
  const answer = await fetch(url, {
    method: 'POST',
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

export function head(length: number | 'chunked', path = '/upload?device=camera'): string {
  const size = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n${size}\r\n\r\n`;
}
