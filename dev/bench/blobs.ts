import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { pino } from 'pino';
import { readConfig } from '../../http/read-config.ts';
import { rawClient, removeBucket } from '../../ports/blobs/bucket-under-test.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { s3Config } from '../../ports/blobs/s3-config.ts';
import { median } from './median.ts';

/**
 * `npm run bench:blobs`: what the promises of Blobs cost over the bare SDK, on the S3 server that the environment
 * names, in a bucket of its own. Both take turns, so that what else the machine does falls on both.
 */
const BLOB_BYTES = 50_000;
const AT_ONCE = 16;
const BLOBS_PER_ROUND = 400;
const ROUNDS = 9;
const RESULTS = new URL('./results/blobs.json', import.meta.url);

const config = { ...readConfig(s3Config, process.env), S3_BUCKET: `passerby-bench-${randomUUID()}` };
if (!config.S3_ENDPOINT) throw new Error('Set S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY of a server.');

const blobs = await openS3Blobs({ config, logger: pino({ level: 'warn' }), missing: 'make' });
const client = rawClient(config);
const bytes = randomBytes(BLOB_BYTES);
const Bucket = config.S3_BUCKET;

const sides = {
  adapter: {
    put: async (key: string) => void (await blobs.put(key, bytes)),
    get: async (key: string) => (await blobs.get(key))?.length,
  },
  sdk: {
    put: async (key: string) => void (await client.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes }))),
    get: async (key: string) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
      return (await Body?.transformToByteArray())?.length;
    },
  },
};

type Side = keyof typeof sides;
type Operation = 'put' | 'get';

async function perSecond(side: Side, operation: Operation, round: number): Promise<number> {
  const keys = Array.from({ length: BLOBS_PER_ROUND }, (_, at) => `${side}/${round}/${at}.jpg`);
  const startMs = performance.now();
  const work = async () => {
    for (let key = keys.pop(); key; key = keys.pop()) await sides[side][operation](key);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return (BLOBS_PER_ROUND * 1_000) / (performance.now() - startMs);
}

const rates: Record<Operation, Record<Side, number[]>> = {
  put: { adapter: [], sdk: [] },
  get: { adapter: [], sdk: [] },
};
try {
  // The first round warms both up and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const order: Side[] = round % 2 ? ['sdk', 'adapter'] : ['adapter', 'sdk'];
    for (const operation of ['put', 'get'] as const) {
      for (const side of order) {
        const rate = await perSecond(side, operation, round);
        if (round > 0) rates[operation][side].push(rate);
      }
    }
  }
} finally {
  blobs.close();
  client.destroy();
  await removeBucket(config);
}

const summary = (operation: Operation) => {
  const { adapter, sdk } = rates[operation];
  const ratios = adapter.map((rate, round) => rate / (sdk[round] ?? rate));
  return {
    adapterPerSecond: Math.round(median(adapter)),
    sdkPerSecond: Math.round(median(sdk)),
    ratio: Number(median(ratios).toFixed(2)),
    ratioLowest: Number(Math.min(...ratios).toFixed(2)),
    ratioHighest: Number(Math.max(...ratios).toFixed(2)),
  };
};
const results = {
  blobBytes: BLOB_BYTES,
  atOnce: AT_ONCE,
  rounds: ROUNDS,
  node: process.versions.node,
  cores: availableParallelism(),
  put: summary('put'),
  get: summary('get'),
};
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
for (const operation of ['put', 'get'] as const) {
  const { adapterPerSecond, sdkPerSecond, ratio, ratioLowest, ratioHighest } = results[operation];
  process.stdout.write(
    `${operation}: adapter ${adapterPerSecond}/s, sdk ${sdkPerSecond}/s, ratio ${ratio} (${ratioLowest} to ${ratioHighest})\n`,
  );
}
