import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outage } from '../errors.ts';
import { describeWith } from '../servers-under-test.ts';
import { describeBlobs } from './blobs.contract.ts';
import { freshBucket, rawClient, removeBucket } from './bucket-under-test.ts';
import { openS3Blobs, type S3Blobs } from './s3.ts';
import { BlobBucketMissing, BlobBucketRefused } from './s3-bucket.ts';
import type { S3Config } from './s3-config.ts';
import { type Fault, startProxy } from './s3-proxy-under-test.ts';

const logger = pino({ level: 'silent' });
const listen = () => {
  const warnings: string[] = [];
  return { warnings, logger: { warn: (_: object, text: string) => warnings.push(text) } as never };
};

/** Some servers say so; others, like old ones that do not know the header, store. */
const refusesConditions: Fault = ({ request, pass, refuse }) =>
  request.headers['if-none-match'] ? refuse(501, 'NotImplemented') : pass();
const ignoresConditions: Fault = async ({ request, response, pass }) => {
  if (!request.headers['if-none-match']) return pass();
  request.resume().on('end', () => response.writeHead(200, { etag: '"0"' }).end());
};

describeWith('s3', 'S3', (server) => {
  describeBlobs('s3', async () => {
    const config = freshBucket(server);
    const { warnings, logger } = listen();
    const blobs = await openS3Blobs({ config, logger, missing: 'make' });
    expect(warnings).toEqual([]);
    return { blobs, close: () => closeAndRemove(blobs, config) };
  });

  describe.each([
    ['refuses', refusesConditions],
    ['ignores', ignoresConditions],
  ])('on a server that %s conditional puts', (_, fault) => {
    let proxy: Awaited<ReturnType<typeof startProxy>>;
    beforeAll(async () => {
      proxy = await startProxy(server.endpoint);
      proxy.fault = fault;
    });
    afterAll(() => proxy.stop());

    describeBlobs(
      's3 without conditional puts',
      async () => {
        const config = { ...freshBucket(server), S3_ENDPOINT: proxy.url };
        const { warnings, logger } = listen();
        const blobs = await openS3Blobs({ config, logger, missing: 'make' });
        expect(warnings).toEqual([expect.stringContaining('does not heed If-None-Match')]);
        return { blobs, close: () => closeAndRemove(blobs, config) };
      },
      { decidesRaces: false },
    );
  });

  describe('blobs on S3', () => {
    const config = freshBucket(server);
    let blobs: S3Blobs;
    beforeAll(async () => {
      blobs = await openS3Blobs({ config, logger, missing: 'make' });
    });
    afterAll(() => closeAndRemove(blobs, config));

    test('what is no blob is never listed', async () => {
      const mixed = freshBucket(server);
      const opened = await openS3Blobs({ config: mixed, logger, missing: 'make' });
      await opened.put('images/1', Buffer.from('x'));
      await opened.check();
      const client = rawClient(mixed);
      for (const Key of ['images/~mark', 'marked/']) {
        await client.send(new PutObjectCommand({ Bucket: mixed.S3_BUCKET, Key, Body: Buffer.alloc(0) }));
      }
      client.destroy();
      expect(await collect(opened, '')).toEqual(['images/1']);
      expect(await collect(opened, '~')).toEqual([]);
      await closeAndRemove(opened, mixed);
    });

    test('more than a thousand keys are listed in order, across pages', async () => {
      const keys = Array.from({ length: 350 }, (_, at) => [`many/a/${at}`, `many/a-${at}/x`, `many/a.${at}`]).flat();
      const fewAtOnce = pLimit(16);
      await fewAtOnce.map(keys, (key) => blobs.put(key, Buffer.from('x')));
      expect(await collect(blobs, 'many/')).toEqual(keys.sort());
    }, 60_000);

    test('a key may have all that keys may have, up to its full length', async () => {
      const segments = ['_=.-', '-', '=', '...', 'A', 'a'];
      const long = Array.from({ length: 4 }, () => 'y'.repeat(200)).join('/');
      for (const key of [...segments.map((segment) => `signs/${segment}/${segment}`), `signs/${long}`]) {
        expect(await blobs.put(key, Buffer.from(key))).toBe('stored');
        expect((await blobs.get(key))?.toString()).toBe(key);
        expect(await collect(blobs, key)).toEqual([key]);
      }
    });

    test('a bucket that is there is opened, with the pictures in it', async () => {
      await blobs.put('kept', Buffer.from('x'));
      const again = await openS3Blobs({ config, logger, missing: 'refuse' });
      expect((await again.get('kept'))?.toString()).toBe('x');
      again.close();
    });

    test('services that start together make one bucket', async () => {
      const shared = freshBucket(server);
      const opened = await Promise.all(
        Array.from({ length: 5 }, () => openS3Blobs({ config: shared, logger, missing: 'make' })),
      );
      for (const one of opened) one.close();
      await removeBucket(shared);
    });

    test('a bucket that had pictures and is gone is no new beginning', async () => {
      const gone = freshBucket(server);
      const waiting = openS3Blobs({ config: gone, logger, missing: 'wait' });
      await expect(waiting).rejects.toThrow(Outage);
      await expect(waiting).rejects.toThrow('ingest makes it');
      await expect(openS3Blobs({ config: gone, logger, missing: 'refuse' })).rejects.toThrow(BlobBucketMissing);
      await expect(openS3Blobs({ config: gone, logger, missing: 'refuse' })).rejects.toThrow(
        `no bucket ${gone.S3_BUCKET}. Are S3_ENDPOINT and S3_BUCKET what they were?`,
      );
    });

    test('while the bucket is gone, nothing is said to be missing', async () => {
      const fleeting = freshBucket(server);
      const orphaned = await openS3Blobs({ config: fleeting, logger, missing: 'make' });
      await removeBucket(fleeting);
      await expect(orphaned.put('x', Buffer.from('x'))).rejects.toThrow(Outage);
      await expect(orphaned.get('x')).rejects.toThrow(Outage);
      await expect(orphaned.head('x')).rejects.toThrow(Outage);
      await expect(orphaned.delete('x')).rejects.toThrow(Outage);
      await expect(collect(orphaned, '')).rejects.toThrow(Outage);
      await expect(orphaned.check()).rejects.toThrow(Outage);
      await expect(orphaned.health()).rejects.toThrow(Outage);
      orphaned.close();
    });

    test.each([{ S3_ACCESS_KEY_ID: 'nobody' }, { S3_SECRET_ACCESS_KEY: 'not-the-secret' }, { S3_REGION: 'nowhere-1' }])(
      '%j is said at the opening, with the place and without the secret',
      async (wrong) => {
        const refused = { ...config, ...wrong };
        const failure = await openS3Blobs({ config: refused, logger, missing: 'make' }).catch(
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(BlobBucketRefused);
        const { message } = failure as Error;
        expect(message).toContain(`${server.endpoint} refuses the bucket ${config.S3_BUCKET}`);
        expect(message).toContain('Check S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY');
        expect(message).not.toContain(refused.S3_SECRET_ACCESS_KEY);
      },
    );

    test.each(['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const)(
      'half a key, without %s, is told',
      async (left) => {
        const { [left]: _, ...half } = config;
        await expect(openS3Blobs({ config: half, logger, missing: 'make' })).rejects.toThrow('belong together');
      },
    );

    test('a web server that says yes to everything is no store', async () => {
      const yes = createServer((_, response) => response.end('<html>yes</html>'));
      await new Promise<void>((resolve) => yes.listen(0, '127.0.0.1', resolve));
      const S3_ENDPOINT = `http://127.0.0.1:${(yes.address() as AddressInfo).port}`;
      await expect(openS3Blobs({ config: { ...config, S3_ENDPOINT }, logger, missing: 'make' })).rejects.toThrow(
        'Is S3_ENDPOINT an S3 server?',
      );
      yes.closeAllConnections();
      yes.close();
    });

    test('a server that is not there yet is an outage, known within seconds', async () => {
      const startMs = performance.now();
      const away = { ...config, S3_ENDPOINT: 'http://127.0.0.1:1' };
      await expect(openS3Blobs({ config: away, logger, missing: 'refuse' })).rejects.toThrow(Outage);
      expect(performance.now() - startMs).toBeLessThan(5_000);
    });
  });
});

async function collect(blobs: S3Blobs, prefix: string): Promise<string[]> {
  const collected: string[] = [];
  for await (const key of blobs.list(prefix)) collected.push(key);
  return collected;
}

async function closeAndRemove(blobs: S3Blobs, config: S3Config): Promise<void> {
  blobs.close();
  await removeBucket(config);
}
