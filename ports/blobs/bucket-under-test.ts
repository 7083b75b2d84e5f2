import { randomUUID } from 'node:crypto';
import { DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { ServersUnderTest } from '../servers-under-test.ts';
import type { S3Config } from './s3-config.ts';

/** The settings of a bucket that nobody has yet; whoever opens it makes it. */
export function freshBucket({ endpoint, region, accessKeyId, secretAccessKey }: ServersUnderTest['s3']) {
  return {
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_BUCKET: `passerby-test-${randomUUID()}`,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

export function rawClient(config: S3Config): S3Client {
  return new S3Client({
    ...(config.S3_ENDPOINT && { endpoint: config.S3_ENDPOINT, forcePathStyle: true }),
    region: config.S3_REGION,
    credentials: {
      accessKeyId: config.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? '',
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** With all that is in it, also what is no blob. That it is not there is no error. */
export async function removeBucket(config: S3Config): Promise<void> {
  const client = rawClient(config);
  const Bucket = config.S3_BUCKET;
  try {
    for (;;) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      if (Contents.length === 0) break;
      await Promise.all(Contents.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket, Key }))));
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if ((error as Error).name !== 'NoSuchBucket') throw error;
  } finally {
    client.destroy();
  }
}
