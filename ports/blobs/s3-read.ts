import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Logger } from 'pino';
import { readBody, type S3 } from './s3-client.ts';

/** Answers the object's bytes; rejects as the SDK does. */
export type ReadObject = (key: string, abortSignal: AbortSignal) => Promise<Buffer>;

/** Where so many in a row came only by the long way, as from a server whose clock is far off, the short one is left. */
const MISSES_MAX = 10;
/** What is said to be longer goes the long way, which takes no memory before it comes. */
const SHORT_BYTES_MAX = 64 * 2 ** 20;
/** Any name of an object will do. */
const PLACE = 'place';

/**
 * Reads objects by the SDK's own signer and connections, and nothing of what else it puts around each request: that is
 * five times the CPU, and most of the processor's garbage. Anything but a whole object at once goes to the SDK, which
 * knows what it means and whether to try again.
 */
export async function createReadObject(
  s3: Pick<S3, 'client' | 'bucket' | 'where'>,
  logger: Pick<Logger, 'warn'>,
): Promise<ReadObject> {
  const { client, bucket: Bucket } = s3;
  const readShort = await createReadShort(s3);
  let misses = 0;
  return async (key, abortSignal) => {
    const whole = misses < MISSES_MAX ? await readShort(key, abortSignal) : null;
    if (whole) {
      misses = 0;
      return whole;
    }
    const command = new GetObjectCommand({ Bucket, Key: key });
    const body = await readBody(await client.send(command, { abortSignal }));
    misses += 1;
    if (misses === MISSES_MAX) {
      logger.warn({ server: s3.where }, 'objects can only be read by the whole of the SDK, which takes more CPU');
    }
    return body;
  };
}

/** Null for whatever does not go well. */
async function createReadShort({ client, bucket: Bucket }: Pick<S3, 'client' | 'bucket'>) {
  const { credentials, sha256, requestHandler } = client.config;
  const region = await client.config.region();
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256, uriEscapePath: false });
  // Where the bucket is, by the rules of AWS or below an endpoint of one's own, it tells with any address in it.
  const place = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: PLACE })));
  const { protocol, hostname, host } = place;
  const port = place.port === '' ? {} : { port: Number(place.port) };
  const folder = place.pathname.slice(0, -PLACE.length);
  return async (key: string, abortSignal: AbortSignal): Promise<Buffer | null> => {
    const path = folder + key.split('/').map(encodeURIComponent).join('/');
    const request = new HttpRequest({ method: 'GET', protocol, hostname, ...port, path, headers: { host } });
    try {
      const signed = (await signer.sign(request)) as HttpRequest;
      const { response } = await requestHandler.handle(signed, { abortSignal });
      const bytes = await readAll(response.body, Number(response.headers['content-length']));
      return response.statusCode === 200 ? bytes : null;
    } catch {
      return null;
    }
  };
}

/** Into place as they come: a list of chunks, joined afterwards, is garbage of the same size again. Null if it is too long. */
function readAll(body: Readable, lengthBytes: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    if (!(lengthBytes <= SHORT_BYTES_MAX)) {
      body.destroy();
      return resolve(null);
    }
    const whole = Buffer.allocUnsafeSlow(lengthBytes);
    let at = 0;
    body.on('data', (chunk: Buffer) => {
      chunk.copy(whole, at);
      at += chunk.length;
    });
    body.once('error', reject);
    body.once('end', () => resolve(at === lengthBytes ? whole : null));
    body.once('close', () => reject(new Error('the answer broke off')));
  });
}
