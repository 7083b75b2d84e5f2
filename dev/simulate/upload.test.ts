import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import multipart from '@fastify/multipart';
import Fastify from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { makeTestCerts } from '../../http/tls/certs-under-test.ts';
import { createUploader } from './upload.ts';

const jpeg = Buffer.from([0xff, 0xd8, 0x0d, 0x0a, 0x2d, 0x2d, 0x00, 0x0d, 0x0a, 0xff, 0xd9]);
const tokens = new Map([['camera 1&x', 'devtok_1']]);
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('an upload', () => {
  test('is what a multipart parser reads as one JPEG part', async () => {
    const app = Fastify();
    await app.register(multipart);
    const seen: unknown[] = [];
    app.post('/upload', async (request, reply) => {
      const parts: unknown[] = [];
      for await (const part of request.parts()) {
        if (part.type !== 'file') throw new Error(`a field ${part.fieldname}`);
        const bytes = await part.toBuffer();
        parts.push({ field: part.fieldname, name: part.filename, type: part.mimetype, same: bytes.equals(jpeg) });
      }
      seen.push({
        query: request.query,
        parts,
        traceparent: request.headers.traceparent,
        token: request.headers['x-device-token'],
      });
      return reply.code(202).send({ status: 'queued', item_id: 'item-1', task_id: 'task-1' });
    });
    closers.push(() => app.close());
    const upload = createUploader({ url: await app.listen({ port: 0, host: '127.0.0.1' }), timeoutMs: 5000, tokens });

    expect(await upload({ deviceId: 'camera 1&x', seq: 1, capturedAtMs: 1234, jpeg })).toEqual({
      status: 202,
      itemId: 'item-1',
      duplicate: false,
    });
    expect(seen).toEqual([
      {
        query: { device: 'camera 1&x' },
        parts: [{ field: 'file', name: '1234.jpg', type: 'image/jpeg', same: true }],
        traceparent: expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-01$/),
        token: 'devtok_1',
      },
    ]);
  });

  test('says what the answer says', async () => {
    const answers = [
      { status: 200, headers: {}, body: '{"status":"duplicate","item_id":"i"}' },
      { status: 503, headers: { 'retry-after': '2' }, body: '{"code":"busy"}' },
      { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, body: '' },
      { status: 400, headers: {}, body: '{"code":"not-a-jpeg"}' },
      { status: 202, headers: {}, body: 'not JSON' },
    ];
    const upload = await serve(() => answers.shift());
    const frame = { deviceId: 'a', seq: 1, capturedAtMs: 1, jpeg };
    expect(await upload(frame)).toEqual({ status: 200, itemId: 'i', duplicate: true });
    expect(await upload(frame)).toEqual({
      status: 503,
      itemId: null,
      duplicate: false,
      retryAfterMs: 2000,
      problem: '{"code":"busy"}',
    });
    expect(await upload(frame)).toMatchObject({ status: 503, retryAfterMs: 0 });
    expect(await upload(frame)).toMatchObject({ status: 400, problem: '{"code":"not-a-jpeg"}' });
    expect(await upload(frame)).toEqual({ status: 202, itemId: null, duplicate: false });
  });

  test('asks an HTTPS server whose it is, unless it is told not to', async () => {
    const { issue } = await makeTestCerts();
    const server = createSecureServer(await issue('other.example'), (_, reply) => reply.writeHead(202).end('{}'));
    await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
    closers.push(() => new Promise((settle) => server.close(settle).closeAllConnections()));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const frame = { deviceId: 'a', seq: 1, capturedAtMs: 1, jpeg };
    await expect(createUploader({ url, timeoutMs: 5000, tokens })(frame)).rejects.toThrow(/certificate|altnames/);
    expect(await createUploader({ url, timeoutMs: 5000, tokens, verify: false })(frame)).toMatchObject({ status: 202 });
  });

  test('rejects where no answer comes: none in time, stopped, nobody there', async () => {
    const silent = await serve(() => undefined, 50);
    const frame = { deviceId: 'a', seq: 1, capturedAtMs: 1, jpeg };
    await expect(silent(frame)).rejects.toThrow('no answer within 50 ms');
    await expect(silent({ ...frame, signal: AbortSignal.abort() })).rejects.toThrow('stopped');
    const nobody = createUploader({ url: 'http://127.0.0.1:1', timeoutMs: 5000, tokens });
    await expect(nobody(frame)).rejects.toThrow('ECONNREFUSED');
  });
});

interface Canned {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function serve(next: () => Canned | undefined, timeoutMs = 5000) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const answer = next();
      if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return createUploader({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, timeoutMs, tokens });
}
