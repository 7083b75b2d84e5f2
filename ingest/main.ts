import { runService } from '../http/run-service.ts';
import { openS3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { requireMigration } from '../ports/store/require-migration.ts';
import { statement } from '../ports/store/statement.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { registerIngest } from './app.ts';
import { ingestService } from './config.ts';

/** `npm run start:ingest`: what devices talk to. Any number of them may run. */
const name = 'ingest';
const anyUploads = statement(import.meta.url, './sql/any-uploads.sql');

await runService({ name, schema: ingestService }, async ({ parts, config, logger, metrics }) => {
  const store = createPostgresStore({ connectionString: config.DATABASE_URL, connectionsMax: 6, name });
  parts.started('store', () => store.close());
  await parts.untilAvailable(() => requireMigration(store, '0002_claim_upload'));
  const [{ known = false } = {}] = await parts.untilAvailable(() => store.run<{ known: boolean }>(anyUploads));
  const missing = known ? 'refuse' : 'make';
  const blobs = await parts.untilAvailable(() => openS3Blobs({ config, logger, missing }));
  parts.started('blobs', () => blobs.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const log = await parts.untilAvailable(() => createKafkaLog({ config, name, topics: logTopics, clock, logger }));
  parts.started('log', () => log.close());
  return {
    ready: { database: () => store.check(), blobs: () => blobs.check(), log: () => log.check() },
    routes: (app) => registerIngest(app, { store, blobs, log, codec, clock, metrics, config }),
  };
});
