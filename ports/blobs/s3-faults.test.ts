import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Outage } from '../errors.ts';
import { describeWith } from '../servers-under-test.ts';
import { freshBucket, removeBucket } from './bucket-under-test.ts';
import { openS3Blobs, type S3Blobs } from './s3.ts';
import { startProxy } from './s3-proxy-under-test.ts';

const logger = pino({ level: 'silent' });
const BYTES = randomBytes(50_000);

describeWith('s3', 'S3 over a bad network', (server) => {
  const config = freshBucket(server);
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let blobs: S3Blobs;
  beforeAll(async () => {
    proxy = await startProxy(server.endpoint);
    blobs = await openS3Blobs({ config: { ...config, S3_ENDPOINT: proxy.url }, logger, missing: 'make' });
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    blobs.close();
    await proxy.stop();
    await removeBucket(config);
  });

  test('an upload that is cut half-way leaves nothing', async () => {
    let halves = 0;
    proxy.fault = async ({ request, forward, cut }) => {
      const answer = forward();
      answer.catch(() => undefined);
      for (let bytes = 0; bytes < 500_000; ) bytes += ((await once(request, 'data'))[0] as Buffer).length;
      halves++;
      cut();
    };
    // Larger than what the sockets on the way hold, so that half of it is not all of it.
    await expect(blobs.put('cut/up', randomBytes(1_000_000))).rejects.toThrow(Outage);
    expect(halves).toBe(3);
    proxy.heal();
    expect(await blobs.head('cut/up')).toBeNull();
    expect(await collect(blobs, 'cut/')).toEqual([]);
    expect(await blobs.put('cut/up', BYTES)).toBe('stored');
  });

  test('a put whose answer was lost finds its own bytes', async () => {
    let lost = 0;
    proxy.fault = async ({ forward, pass, cut }) => {
      if (lost++ > 0) return pass();
      (await forward()).resume();
      cut();
    };
    expect(await blobs.put('lost', BYTES)).toBe('exists');
    expect((await blobs.get('lost'))?.equals(BYTES)).toBe(true);
  });

  test('a download that is cut half-way is an outage, and no shorter picture', async () => {
    await blobs.put('cut/down', BYTES);
    proxy.fault = async ({ response, forward, cut }) => {
      const answer = await forward();
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 20_000), () => setTimeout(cut, 50));
      answer.resume();
    };
    await expect(blobs.get('cut/down')).rejects.toThrow(Outage);
  });

  test('a key that a server says nothing about is not missing', async () => {
    proxy.fault = ({ refuse }) => refuse(404, 'NoSuchBucket');
    await expect(blobs.get('unsure')).rejects.toThrow('NoSuchBucket (404)');
    await expect(blobs.head('unsure')).rejects.toThrow('NoSuchBucket (404)');
    proxy.fault = ({ refuse }) => refuse(403, 'AccessDenied');
    await expect(blobs.get('unsure')).rejects.toThrow(Outage);
    await expect(blobs.head('unsure')).rejects.toThrow(Outage);
    await expect(blobs.delete('unsure')).rejects.toThrow(Outage);
  });

  test('a put that met another is made again; one whose key cannot be is not', async () => {
    let conflicts = 0;
    proxy.fault = ({ refuse, pass }) => (conflicts++ < 2 ? refuse(409, 'ConditionalRequestConflict') : pass());
    expect(await blobs.put('met', BYTES)).toBe('stored');
    expect(conflicts).toBe(3);
    proxy.fault = ({ refuse }) => refuse(409, 'ConditionalRequestConflict');
    await expect(blobs.put('met/again', BYTES)).rejects.toThrow('ConditionalRequestConflict');
    const before = proxy.requestCount();
    proxy.fault = ({ refuse }) => refuse(409, 'KeyBelowAnObject');
    await expect(blobs.put('met/below', BYTES)).rejects.toThrow(Outage);
    expect(proxy.requestCount() - before).toBe(1);
  });

  test('a server that stumbles once is asked again', async () => {
    let stumbles = 0;
    proxy.fault = ({ refuse, pass }) => (stumbles++ < 1 ? refuse(503, 'ServiceUnavailable') : pass());
    expect(await blobs.put('stumble', BYTES)).toBe('stored');
    stumbles = 0;
    expect((await blobs.get('stumble'))?.equals(BYTES)).toBe(true);
  });

  test('where only the whole of the SDK can read, it does, and the short way is left', async () => {
    await blobs.put('odd', BYTES);
    const lines: unknown[] = [];
    const warn = (...said: unknown[]) => void lines.push(said[1]);
    const own = await openS3Blobs({
      config: { ...config, S3_ENDPOINT: proxy.url },
      logger: { warn },
      missing: 'make',
    });
    // The SDK says who it is.
    proxy.fault = ({ request, refuse, pass }) =>
      request.headers['user-agent']?.includes('aws-sdk') ? pass() : refuse(403, 'RequestTimeTooSkewed');
    for (let reads = 0; reads < 12; reads += 1) expect((await own.get('odd'))?.equals(BYTES)).toBe(true);
    expect(lines).toEqual([expect.stringContaining('whole of the SDK')]);
    const before = proxy.requestCount();
    await own.get('odd');
    expect(proxy.requestCount() - before).toBe(1);
    own.close();
  });

  test('a burst waits for its turn at a slow server, and is no outage', async () => {
    await blobs.put('slow', Buffer.from('x'));
    // The last wait for their turn for longer than a connection may take.
    proxy.fault = async ({ pass }) => {
      await sleep(750);
      await pass();
    };
    const before = proxy.requestCount();
    const found = await Promise.all(Array.from({ length: 256 }, () => blobs.get('slow')));
    expect(new Set(found.map(String))).toEqual(new Set(['x']));
    expect(proxy.requestCount() - before).toBe(256);
  });

  test('a server that takes requests and answers none is an outage, also for those who wait for their turn', async () => {
    proxy.fault = () => undefined;
    const startMs = performance.now();
    const gets = Array.from({ length: 200 }, (_, at) => blobs.get(`silent/${at}`));
    const answers = await Promise.allSettled(gets);
    expect(answers.every((answer) => answer.status === 'rejected' && answer.reason instanceof Outage)).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(20_000);
  });

  test('an answer that never ends is an outage', async () => {
    await blobs.put('endless', BYTES);
    proxy.fault = ({ request, response }) => {
      request.resume();
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 20_000));
    };
    await expect(blobs.get('endless')).rejects.toThrow('no whole answer within 10 s');
  });

  test('what is closed holds no connection', async () => {
    const own = await startProxy(server.endpoint);
    const closing = await openS3Blobs({ config: { ...config, S3_ENDPOINT: own.url }, logger, missing: 'make' });
    await Promise.all(Array.from({ length: 200 }, (_, at) => closing.put(`closing/${at}`, Buffer.from('x'))));
    const open = await own.connectionCount();
    expect(open).toBeGreaterThan(0);
    expect(open).toBeLessThanOrEqual(64);
    closing.close();
    await expect.poll(() => own.connectionCount()).toBe(0);
    await own.stop();
  });
});

async function collect(blobs: S3Blobs, prefix: string): Promise<string[]> {
  const collected: string[] = [];
  for await (const key of blobs.list(prefix)) collected.push(key);
  return collected;
}
