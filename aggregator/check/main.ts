import { pino } from 'pino';
import { Type } from 'typebox';
import { readConfig } from '../../http/read-config.ts';
import { openS3Blobs } from '../../ports/blobs/s3.ts';
import { s3Config } from '../../ports/blobs/s3-config.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { kafkaConfig } from '../../ports/log/kafka/config.ts';
import { createKafkaLog } from '../../ports/log/kafka.ts';
import { storeConfig } from '../../ports/store/config.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { requireTables } from '../../ports/store/require-tables.ts';
import { openCodec } from '../../schemas/open-codec.ts';
import { registryConfig } from '../../schemas/registry-config.ts';
import { logTopics } from '../../schemas/topics.ts';
import { retentionConfig } from '../retention/config.ts';
import { type OpenedStores, readArguments, runCheckCommand, USAGE } from './command.ts';
import { PATIENT_MS } from './keep-check.ts';

/** `npm run check` of the production profile; in a container `node aggregator/check/main.ts`. */
const checkConfig = Type.Object({
  ...kafkaConfig.properties,
  ...s3Config.properties,
  ...storeConfig.properties,
  ...registryConfig.properties,
  ...retentionConfig.properties,
});
const name = 'check';

async function open(): Promise<OpenedStores> {
  const config = readConfig(checkConfig, process.env);
  const logger = pino({ level: 'warn', base: { service: name } }, pino.destination(2));
  const { DATABASE_URL: connectionString } = config;
  const options = { connectionString, connectionsMax: 4, name };
  const patientStore = createPostgresStore({ ...options, statementTimeoutMs: PATIENT_MS });
  await requireTables(patientStore);
  const blobs = await openS3Blobs({ config, logger, missing: 'wait' });
  const codec = await openCodec(config, logger, { signal: new AbortController().signal });
  const log = await createKafkaLog({ config, name, topics: logTopics, clock, logger });
  return {
    kept: { store: patientStore, blobs, log, codec, clock, config },
    async close() {
      await log.close();
      blobs.close();
      await patientStore.close();
    },
  };
}

const options = readArguments(process.argv.slice(2));
if (options.help) console.log(USAGE);
else process.exitCode = await runCheckCommand(options, open);
