import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Logger } from 'pino';
import { type Blobs, isKey, requireKey } from './blobs.ts';
import {
  ensureBucket,
  heedsConditions,
  isConflict,
  type MissingBucket,
  requireBucket,
  requireStore,
  requireWholeKey,
  writeProbe,
} from './s3-bucket.ts';
import { asOutage, codeOf, createS3Client, type S3, statusOf } from './s3-client.ts';
import type { S3Config } from './s3-config.ts';
import { createReadObject, type ReadObject } from './s3-read.ts';

export interface S3Blobs extends Blobs {
  /** Lets go of the connections; what is under way fails. */
  close(): void;
}

interface S3BlobsOptions {
  readonly config: S3Config;
  readonly logger: Pick<Logger, 'warn'>;
  readonly missing: MissingBucket;
}

const CONFLICT_TRIES_MAX = 5;
const CONFLICT_PAUSE_MS = 50;

/**
 * Blobs as objects of one bucket of any S3 server, each at its key. A server that is not there yet is an `Outage`;
 * one that says no is a `BlobBucketRefused`, and a bucket that should have been there a `BlobBucketMissing`.
 */
export async function openS3Blobs({ config, logger, missing }: S3BlobsOptions): Promise<S3Blobs> {
  requireWholeKey(config);
  const s3 = createS3Client(config);
  try {
    await ensureBucket(s3, missing);
    await requireStore(s3);
    const conditional = await heedsConditions(s3);
    if (!conditional) {
      logger.warn(
        { server: s3.where, bucket: s3.bucket },
        'the S3 server does not heed If-None-Match: of two different pictures that are stored under one name at the ' +
          'same moment only the later one stays, though both were acknowledged',
      );
    }
    return createS3Blobs(s3, { conditional, readObject: await createReadObject(s3, logger) });
  } catch (error) {
    s3.close();
    throw error;
  }
}

function createS3Blobs(
  s3: S3,
  { conditional, readObject }: { readonly conditional: boolean; readonly readObject: ReadObject },
): S3Blobs {
  const { ask, client, bucket: Bucket } = s3;

  async function find(key: string) {
    try {
      return await ask((abortSignal) => client.send(new HeadObjectCommand({ Bucket, Key: key }), { abortSignal }));
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  async function putUnlessThere(key: string, bytes: Buffer): Promise<'stored' | 'exists'> {
    if (!conditional && (await find(key))) return 'exists';
    const condition = conditional ? { IfNoneMatch: '*' } : {};
    const command = new PutObjectCommand({ Bucket, Key: key, Body: bytes, ...condition });
    try {
      await ask((abortSignal) => client.send(command, { abortSignal }));
      return 'stored';
    } catch (error) {
      // It may be our own: where the answer to a first try was lost, the SDK's second finds what the first stored.
      if (statusOf(error) === 412) return 'exists';
      throw error;
    }
  }

  async function* pages(prefix: string): AsyncGenerator<readonly string[]> {
    for (let token: string | undefined; ; ) {
      const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: token });
      const page = await ask((abortSignal) => client.send(command, { abortSignal })).catch((error: unknown) => {
        throw asOutage(error, s3, `the keys below ${prefix} cannot be listed`);
      });
      yield (page.Contents ?? []).map(({ Key = '' }) => Key);
      token = page.NextContinuationToken;
      if (!token) return;
    }
  }

  return {
    async put(key, bytes) {
      requireKey(key);
      for (let tries = 1; ; tries++) {
        try {
          return await putUnlessThere(key, bytes);
        } catch (error) {
          if (!isConflict(error) || tries === CONFLICT_TRIES_MAX) throw asOutage(error, s3, `${key} cannot be stored`);
          await sleep(CONFLICT_PAUSE_MS * tries);
        }
      }
    },

    async get(key) {
      requireKey(key);
      try {
        return await ask((abortSignal) => readObject(key, abortSignal));
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') return null;
        throw asOutage(error, s3, `${key} cannot be read`);
      }
    },

    async head(key) {
      requireKey(key);
      const found = await find(key).catch((error: unknown) => {
        throw asOutage(error, s3, `${key} cannot be looked up`);
      });
      if (found === null) {
        await requireBucket(s3);
        return null;
      }
      return { sizeBytes: found.ContentLength ?? 0, storedAtMs: found.LastModified?.getTime() ?? 0 };
    },

    async *list(prefix) {
      // What cannot be a key is no blob: the probe, and the marks of empty folders that S3 browsers make.
      for await (const page of pages(prefix)) yield* page.filter(isKey);
    },

    async delete(key) {
      requireKey(key);
      try {
        await ask((abortSignal) => client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal }));
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') return;
        throw asOutage(error, s3, `${key} cannot be deleted`);
      }
    },

    async check() {
      await writeProbe(s3).catch((error: unknown) => {
        throw asOutage(error, s3, 'nothing can be written');
      });
    },

    async health() {
      await requireBucket(s3);
      return { room: null };
    },

    close: s3.close,
  };
}
