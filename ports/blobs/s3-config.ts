import { type Static, Type } from 'typebox';

export const s3Config = Type.Object({
  S3_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://[^@\\s]+$',
      description: 'The S3 server that keeps the pictures, as http://host:port; AWS when it is not set.',
    }),
  ),
  S3_REGION: Type.String({ default: 'us-east-1', pattern: '^[a-z0-9-]+$', description: 'The region of the bucket.' }),
  S3_BUCKET: Type.String({
    default: 'passerby',
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    description: 'The bucket; it is made when it is not there and the key may make it.',
  }),
  S3_ACCESS_KEY_ID: Type.Optional(
    Type.String({ description: 'The key that may list, read, write and delete in the bucket.' }),
  ),
  S3_SECRET_ACCESS_KEY: Type.Optional(Type.String({ description: 'The secret of that key.' })),
});

export type S3Config = Static<typeof s3Config>;
