import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { Outage, Unusable } from '../errors.ts';
import { asOutage, codeOf, describeError, readBody, type S3, statusOf } from './s3-client.ts';
import type { S3Config } from './s3-config.ts';

/** The database knows of pictures, and the bucket that is to have them is not there. */
export class BlobBucketMissing extends Unusable {}

/** The server answers, and says no: waiting will not change it, settings may. */
export class BlobBucketRefused extends Unusable {}

/** Where nothing but probes lies. No key can: segments of keys have no `~`. */
const PROBES = '~passerby/';
const PROBE = `${PROBES}check`;
const PROBE_BYTES = Buffer.alloc(4_096);
const CONFLICTS = ['ConditionalRequestConflict', 'OperationAborted'];

/** Two requests for one key met; S3 asks that the request be made again. Other 409s are about the key itself. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409 && CONFLICTS.includes(codeOf(error));
}

/** Half a key would be passed over, and whatever other key this machine has taken. */
export function requireWholeKey({ S3_ACCESS_KEY_ID: id, S3_SECRET_ACCESS_KEY: secret }: S3Config): void {
  if (!id === !secret) return;
  throw new BlobBucketRefused(
    'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together: set both, or neither on a machine whose role AWS knows.',
  );
}

/**
 * What to do where there is no bucket: who brings pictures makes it, but not in the place of one that had some; who only
 * reads them waits, since in a new bucket all of them would be missing.
 */
export type MissingBucket = 'make' | 'refuse' | 'wait';

export async function ensureBucket(s3: S3, missing: MissingBucket): Promise<void> {
  try {
    return await lookAtBucket(s3);
  } catch (error) {
    if (codeOf(error) !== 'NoSuchBucket') throw asRefusal(error, s3, 'refuses');
  }
  if (missing === 'wait')
    throw new Outage(`${s3.where} has no bucket ${s3.bucket}`, 'ingest makes it, at its first start');
  if (missing === 'refuse') {
    throw new BlobBucketMissing(
      `The pictures that the database knows are not at ${s3.where}: there is no bucket ${s3.bucket}. ` +
        'Are S3_ENDPOINT and S3_BUCKET what they were?',
    );
  }
  await makeBucket(s3);
  await requireBucket(s3);
}

/** By a request whose answer has a body: HEAD says 404 of a missing bucket and of much else. */
async function lookAtBucket({ ask, client, bucket: Bucket }: S3): Promise<void> {
  // Below the probes there is next to nothing, so that no server walks through millions of keys to answer.
  const command = new ListObjectsV2Command({ Bucket, Prefix: PROBES, MaxKeys: 1 });
  await ask((abortSignal) => client.send(command, { abortSignal }));
}

/** A blob that is not there is one thing; a bucket that is not there says nothing about any blob. */
export async function requireBucket(s3: S3): Promise<void> {
  await lookAtBucket(s3).catch((error: unknown) => {
    throw asOutage(error, s3, 'nothing can be listed');
  });
}

async function makeBucket(s3: S3): Promise<void> {
  try {
    await s3.ask((abortSignal) => s3.client.send(new CreateBucketCommand({ Bucket: s3.bucket }), { abortSignal }));
  } catch (error) {
    // Services start together: another was first.
    if (codeOf(error) === 'BucketAlreadyOwnedByYou' || isConflict(error)) return;
    throw asRefusal(error, s3, 'has none and refuses to make');
  }
}

/** Throws what the SDK throws. */
export async function writeProbe({ ask, client, bucket: Bucket }: S3, condition: { IfNoneMatch?: '*' } = {}) {
  const command = new PutObjectCommand({ Bucket, Key: PROBE, Body: PROBE_BYTES, ...condition });
  await ask((abortSignal) => client.send(command, { abortSignal }));
}

/** Writes, and reads again: a web server may answer 200 to whatever it is sent, and keep nothing. */
export async function requireStore(s3: S3): Promise<void> {
  const { ask, client, bucket: Bucket } = s3;
  let found: Buffer;
  try {
    await writeProbe(s3);
    const command = new GetObjectCommand({ Bucket, Key: PROBE });
    found = await ask(async (abortSignal) => readBody(await client.send(command, { abortSignal })));
  } catch (error) {
    throw asRefusal(error, s3, 'refuses to write to, or read,');
  }
  if (found.equals(PROBE_BYTES)) return;
  throw new BlobBucketRefused(
    `What was written to the bucket ${s3.bucket} at ${s3.where} does not come back. Is S3_ENDPOINT an S3 server?`,
  );
}

/**
 * Whether the server heeds `If-None-Match: *`. Some store all the same, some refuse such a request; neither is known
 * before it is tried, with the probe that `requireStore` has written.
 */
export async function heedsConditions(s3: S3): Promise<boolean> {
  try {
    await writeProbe(s3, { IfNoneMatch: '*' });
    return false;
  } catch (error) {
    if (statusOf(error) === 412 || isConflict(error)) return true;
    if (statusOf(error) === 400 || statusOf(error) === 501) return false;
    throw asRefusal(error, s3, 'refuses a conditional write to');
  }
}

function asRefusal(error: unknown, s3: S3, refuses: string): Error {
  const status = statusOf(error) ?? 0;
  const answered = status >= 300 && status < 500 && status !== 408 && status !== 429;
  const noKey = error instanceof Error && error.name === 'CredentialsProviderError';
  if (!answered && !noKey) return asOutage(error, s3, 'nothing can be opened');
  return new BlobBucketRefused(
    `The S3 server at ${s3.where} ${refuses} the bucket ${s3.bucket}: ${describeError(error)}. ` +
      'Check S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, and what the key may do there.',
    { cause: error },
  );
}
