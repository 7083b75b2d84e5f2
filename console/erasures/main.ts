import { pino } from 'pino';
import { Type } from 'typebox';
import { readConfig } from '../../http/read-config.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { s3Config } from '../../ports/blobs/s3-config.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { Outage, Unusable } from '../../ports/errors.ts';
import { kafkaConfig } from '../../ports/log/kafka/config.ts';
import { createKafkaLog } from '../../ports/log/kafka.ts';
import { storeConfig } from '../../ports/store/config.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { requireTables } from '../../ports/store/require-tables.ts';
import { openCodec } from '../../schemas/open-codec.ts';
import { registryConfig } from '../../schemas/registry-config.ts';
import { logTopics } from '../../schemas/topics.ts';
import { applyErasures } from './apply.ts';
import { SETTLE_MS } from './carry-out.ts';
import { describeApplied } from './describe-applied.ts';

/**
 * In a container `node console/erasures/main.ts`: erases again, in what was restored, all that was ever erased, and says
 * what there was of it (docs/backup.md). Killed, it is begun anew. Ends with 0, or with 2 where it could not be done.
 */
const schema = Type.Object({
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
});
const name = 'erasures';

async function main(): Promise<void> {
  const config = readConfig(schema, process.env);
  const logger = pino({ level: 'warn', base: { service: name } }, pino.destination(2));
  const store = createPostgresStore({ connectionString: config.DATABASE_URL, connectionsMax: 4, name });
  const closing = [() => store.close()];
  try {
    await requireTables(store);
    const blobs = await openS3Blobs({ config, logger, missing: 'wait' });
    closing.push(async () => blobs.close());
    const codec = await openCodec(config, logger, { signal: new AbortController().signal });
    const log = await createKafkaLog({ config, name, topics: logTopics, clock, logger });
    closing.push(() => log.close());
    // Somebody may have started a service all the same.
    console.log(describeApplied(await applyErasures({ store, log, blobs, codec, clock }, { settleMs: SETTLE_MS })));
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Outage || error instanceof Unusable)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
