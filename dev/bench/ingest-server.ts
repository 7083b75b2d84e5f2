/**
 * One side of `npm run bench:ingest` as a process of its own: ingest as it is, or a bare handler that does the same put
 * and the same append with nothing else. Told by its environment; says where it listens on standard output.
 */

import { randomUUID } from 'node:crypto';
import multipart from '@fastify/multipart';
import fastify from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createDeviceAccess } from '../../http/access/devices/device-access.ts';
import { readConfig } from '../../http/read-config.ts';
import { createServer } from '../../http/server.ts';
import { registerIngest } from '../../ingest/app.ts';
import { ingestConfig } from '../../ingest/config.ts';
import { createOutcomes } from '../../ingest/outcomes.ts';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { s3Config } from '../../ports/blobs/s3-config.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { kafkaConfig } from '../../ports/log/kafka/config.ts';
import { createKafkaLog } from '../../ports/log/kafka.ts';
import type { Log } from '../../ports/log/log.ts';
import { createPostgresLog } from '../../ports/log/postgres.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { frameId } from '../../schemas/identity.ts';
import { logTopics } from '../../schemas/topics.ts';

const { SIDE, PROFILE, DATABASE_URL = '', BLOBS_FOLDER = '', SERVER_SECRET = '' } = process.env;
const logger = pino({ level: 'warn' });
const store = createPostgresStore({ connectionString: DATABASE_URL, connectionsMax: 6, name: 'bench' });
const { blobs, log } = PROFILE === 'kafka' ? await openProduction() : await openEmbedded();
const url = SIDE === 'bare' ? await listenBare() : await listenIngest();
console.log(url);

async function openEmbedded(): Promise<{ blobs: Blobs; log: Log }> {
  const logStore = createPostgresStore({ connectionString: DATABASE_URL, connectionsMax: 12, name: 'bench log' });
  return {
    blobs: createFilesystemBlobs({ folder: BLOBS_FOLDER }),
    log: await createPostgresLog({ store: logStore, clock, partitionCount: 4, topics: logTopics }),
  };
}

async function openProduction(): Promise<{ blobs: Blobs; log: Log }> {
  return {
    blobs: await openS3Blobs({ config: readConfig(s3Config, process.env), logger, missing: 'make' }),
    log: await createKafkaLog({
      config: readConfig(kafkaConfig, process.env),
      name: 'bench',
      topics: logTopics,
      clock,
      logger,
    }),
  };
}

async function listenIngest(): Promise<string> {
  const config = readConfig(ingestConfig, process.env);
  const metrics = new Registry();
  const app = createServer({ logger, metrics });
  const devices = createDeviceAccess({ store, secret: SERVER_SECRET, config, nowMs: clock.nowMs });
  await registerIngest(app, {
    store,
    blobs,
    log,
    clock,
    codec,
    metrics,
    outcomes: createOutcomes({ store, clock }),
    // What a look at a disk costs, it costs once in two seconds.
    diskGuard: { requireRoom: () => undefined },
    config,
    secret: SERVER_SECRET,
    devices,
    logInStore: PROFILE === 'embedded',
  });
  app.get('/cpu', async () => process.cpuUsage());
  return app.listen({ host: '127.0.0.1', port: 0 });
}

async function listenBare(): Promise<string> {
  const app = fastify();
  await app.register(multipart);
  let seq = 0;
  app.post<{ Querystring: { device: string } }>('/upload', async (request, reply) => {
    const { device } = request.query;
    const file = await request.file();
    const jpeg = (await file?.toBuffer()) ?? Buffer.alloc(0);
    seq += 1;
    const [id, key] = [frameId(device, 1, seq), `images/${device}/${randomUUID()}.jpg`];
    await blobs.put(key, jpeg);
    const value = codec.encode('frame', {
      frame_id: id,
      device_id: device,
      epoch: 1,
      seq,
      captured_at: clock.nowMs(),
      device_time: null,
      time_quality: 'device',
      received_at: clock.nowMs(),
      blob_key: key,
      size_bytes: jpeg.length,
      sha256: Buffer.alloc(32),
      source: 'bench',
      lane: 'live',
    });
    await log.append('frames', [{ key: device, value }]);
    return reply.code(202).send({ status: 'queued', item_id: id, task_id: id });
  });
  app.get('/cpu', async () => process.cpuUsage());
  return app.listen({ host: '127.0.0.1', port: 0 });
}
