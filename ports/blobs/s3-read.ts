import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import type { S3 } from './s3-client.ts';

/**
 * Reads whole objects by the SDK's own signer and connections, and nothing of what else it puts around each request:
 * that is five times the CPU, and most of the processor's garbage. Null for anything but a whole object at once: what
 * it means and whether to try again, the SDK knows.
 */
export type ReadWhole = (key: string, abortSignal: AbortSignal) => Promise<Buffer | null>;

export async function createReadWhole({ client, bucket: Bucket }: Pick<S3, 'client' | 'bucket'>): Promise<ReadWhole> {
  const { credentials, sha256, requestHandler } = client.config;
  const region = await client.config.region();
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256, uriEscapePath: false });
  // Where the bucket is, by the rules of AWS or below an endpoint of one's own, it tells with any address in it.
  const place = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: PLACE })));
  const { protocol, hostname, host } = place;
  const port = place.port === '' ? {} : { port: Number(place.port) };
  const folder = place.pathname.slice(0, -PLACE.length);
  return async (key, abortSignal) => {
    const path = folder + key.split('/').map(encodeURIComponent).join('/');
    const request = new HttpRequest({ method: 'GET', protocol, hostname, ...port, path, headers: { host } });
    try {
      const signed = (await signer.sign(request)) as HttpRequest;
      const { response } = await requestHandler.handle(signed, { abortSignal });
      const chunks: Buffer[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      return response.statusCode === 200 ? Buffer.concat(chunks) : null;
    } catch {
      return null;
    }
  };
}

const PLACE = 'place';
