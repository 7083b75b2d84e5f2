import { type GetObjectCommandOutput, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { Outage } from '../errors.ts';
import type { S3Config } from './s3-config.ts';

/** One bucket of one server, and how it is asked: few at once, and none for long. */
export interface S3 {
  readonly client: S3Client;
  readonly bucket: string;
  /** The server, in words for people. */
  readonly where: string;
  /** Does what asks the server, once it is its turn; rejects when no whole answer came in time. */
  ask<Answer>(work: (abortSignal: AbortSignal) => Promise<Answer>): Promise<Answer>;
  close(): void;
}

const SOCKETS_MAX = 64;
/** Turn, tries, pauses and the body together: an outage is known after this long, not after minutes. */
const ANSWER_WITHIN_MS = 10_000;
const CONNECT_WITHIN_MS = 2_000;
const BEGIN_WITHIN_MS = 4_000;
const TRIES_MAX = 3;

export function createS3Client(config: S3Config): S3 {
  // Which Node we run on is for us to say; the SDK would tell it to every operator at every start.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket } = config;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  const client = new S3Client({
    region,
    // A server of one's own has one name; a bucket as part of that name would be unknown to most resolvers.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    // Without keys of ours the SDK looks where AWS puts them: its own variables, the role of the machine.
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
    // Servers other than AWS answer the newer checksums with errors, and the signature covers the body already.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: TRIES_MAX,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: CONNECT_WITHIN_MS,
      requestTimeout: BEGIN_WITHIN_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
  });
  // Turns are waited for here: the SDK counts the wait for a socket as one for the connection.
  const inTurn = pLimit(SOCKETS_MAX);
  return {
    client,
    bucket,
    where: endpoint ?? `AWS in ${region} (S3_ENDPOINT is not set)`,
    ask(work) {
      // Not AbortSignal.timeout, whose timer goes on after the answer: hundreds of requests a second are thousands of them.
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), ANSWER_WITHIN_MS).unref();
      return inTurn(async () => {
        try {
          return await work(late.signal);
        } catch (error) {
          if (!late.signal.aborted) throw error;
          throw new Error(`no whole answer within ${ANSWER_WITHIN_MS / 1_000} s`, { cause: error });
        } finally {
          clearTimeout(timer);
        }
      });
    },
    close: () => client.destroy(),
  };
}

export async function readBody({ Body }: GetObjectCommandOutput): Promise<Buffer> {
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The code by which S3 names an error, where the answer had one; an answer to HEAD has none. */
export function codeOf(error: unknown): string {
  return error instanceof S3ServiceException ? error.name : '';
}

/** The HTTP status, where the server answered at all. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

export function asOutage(error: unknown, { where, bucket }: S3, what: string): Outage {
  return new Outage(`${what} in bucket ${bucket} at ${where}`, new Error(describeError(error), { cause: error }));
}

/** Also where the SDK has no words: an answer to HEAD, or a host whose every address refuses. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const status = statusOf(error);
  const message = error.message.trim().replace(/\.$/, '');
  if (status !== undefined) return `${error.name} (${status}): ${message}`;
  return message || ('code' in error ? String(error.code) : error.name);
}
