import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { requireKey } from './blobs.ts';
import { createS3Client } from './s3-client.ts';
import type { S3Config } from './s3-config.ts';

export interface PutAddress {
  readonly url: string;
  /** To be sent along, since they are signed too. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Addresses of the S3 server itself, each good for putting one object for a while, if there is none of its name. */
export function createS3Presigner({ config, publicUrl }: { readonly config: S3Config; readonly publicUrl: string }) {
  // Nothing is sent by it: a signature is of the name under which the server will be called.
  const { client, bucket: Bucket } = createS3Client({ ...config, S3_ENDPOINT: publicUrl });
  return {
    async signPut(key: string, contentType: string, validS: number): Promise<PutAddress> {
      requireKey(key);
      const command = new PutObjectCommand({ Bucket, Key: key, ContentType: contentType, IfNoneMatch: '*' });
      const headers = { 'content-type': contentType, 'if-none-match': '*' };
      const signed = new Set(Object.keys(headers));
      // Headers move into the query otherwise, where no server looks for them.
      const options = { expiresIn: validS, signableHeaders: signed, unhoistableHeaders: signed };
      return { url: await getSignedUrl(client, command, options), headers };
    },
  };
}
