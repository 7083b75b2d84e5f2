import type { Static } from 'typebox';
import { createDeviceAccess } from '../http/access/devices/device-access.ts';
import { diskFolders } from '../http/disk-folders.ts';
import { runService } from '../http/run-service.ts';
import { openS3Blobs } from '../ports/blobs/s3.ts';
import { createS3Presigner } from '../ports/blobs/s3-presign.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { Unusable } from '../ports/errors.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { requireTables } from '../ports/store/require-tables.ts';
import { statement } from '../ports/store/statement.ts';
import { tracedLog } from '../ports/tracing/traced-log.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { registerIngest } from './app.ts';
import { ingestService } from './config.ts';
import { createDiskGuard, LOOK_AT_ROOM_EVERY_MS } from './disk-guard.ts';
import { createListening, NOTE_LISTENING_EVERY_MS } from './listening.ts';
import { createOutcomes, WRITE_OUTCOMES_EVERY_MS } from './outcomes.ts';
import { placesAtS3 } from './upload-places.ts';

/** `npm run start:ingest`: what devices talk to. Any number of them may run. */
const name = 'ingest';
const anyFrames = statement(import.meta.url, './sql/any-frames.sql');

await runService({ name, schema: ingestService }, async ({ parts, config, logger, metrics, tracing }) => {
  const store = createPostgresStore({ connectionString: config.DATABASE_URL, connectionsMax: 6, name });
  parts.started('store', () => store.close());
  await parts.untilAvailable(() => requireTables(store));
  const [{ known = false } = {}] = await parts.untilAvailable(() => store.run<{ known: boolean }>(anyFrames));
  const missing = known ? 'refuse' : 'make';
  const blobs = await parts.untilAvailable(() => openS3Blobs({ config, logger, missing }));
  parts.started('blobs', () => blobs.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const kafka = await parts.untilAvailable(() => createKafkaLog({ config, name, topics: logTopics, clock, logger }));
  parts.started('log', () => kafka.close());
  const log = tracedLog(kafka, tracing);
  const { SERVER_SECRET: secret } = config;
  const devices = createDeviceAccess({ store, secret, config, nowMs: clock.nowMs });
  const outcomes = createOutcomes({ store, clock });
  parts.started('last outcomes', () => outcomes.write());
  parts.every('outcomes', WRITE_OUTCOMES_EVERY_MS, () => outcomes.write());
  const folders = diskFolders(config);
  const diskGuard = createDiskGuard({ blobs, folders, freeMinBytes: config.DISK_FREE_MIN_BYTES, metrics });
  await diskGuard.look();
  parts.every('room', LOOK_AT_ROOM_EVERY_MS, () => diskGuard.look());
  const listening = createListening({ store, clock, diskGuard });
  parts.every('listening', NOTE_LISTENING_EVERY_MS, () => listening.note());
  const served = { diskGuard, store, blobs, log, codec, clock, metrics, tracing, outcomes, config, secret, devices };
  return {
    ready: { database: () => store.check(), blobs: () => blobs.check(), log: () => log.check() },
    routes: (app) => registerIngest(app, { ...served, ...placesOf(config) }),
  };
});

function placesOf(config: Static<typeof ingestService>) {
  const { UPLOAD_VIA: via, PUBLIC_S3_URL: publicUrl } = config;
  if (via === 'ingest') return {};
  if (publicUrl === undefined)
    throw new Unusable('UPLOAD_VIA=s3 needs PUBLIC_S3_URL: where devices reach that server.');
  return { places: placesAtS3(createS3Presigner({ config, publicUrl })) };
}
