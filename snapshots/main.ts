import { runService } from '../http/run-service.ts';
import { openS3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { requireTables } from '../ports/store/require-tables.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { snapshotsService } from './config.ts';
import { runSnapshots } from './snapshots.ts';

/** `npm run start:snapshots`: as many as there are partitions share the drawing among them. */
const name = 'snapshots';

await runService({ name, schema: snapshotsService }, async ({ parts, config, logger, metrics, tracing }) => {
  const store = createPostgresStore({ connectionString: config.DATABASE_URL, connectionsMax: 4, name });
  parts.started('store', () => store.close());
  await parts.untilAvailable(() => requireTables(store));
  const blobs = await parts.untilAvailable(() => openS3Blobs({ config, logger, missing: 'wait' }));
  parts.started('blobs', () => blobs.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const log = await parts.untilAvailable(() =>
    createKafkaLog({ config, name, port: config.PORT, topics: logTopics, clock, logger }),
  );
  parts.started('log', () => log.close());
  parts.run(name, (signal) =>
    runSnapshots({ log, blobs, store, codec, clock, logger, metrics, tracing, config }, signal),
  );
  return { ready: { database: () => store.check(), blobs: () => blobs.check(), log: () => log.check() } };
});
