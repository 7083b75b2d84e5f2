import { runService } from '../http/run-service.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { migrate } from '../ports/store/migrate.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { migrations, runAggregator } from './aggregator.ts';
import { aggregatorService } from './config.ts';
import { createDeviceWatch, WATCH_DEVICES_EVERY_MS } from './watch-devices.ts';

/** `npm run start:aggregator`: brings the tables up to date, then writes into them what the topics say. */
const name = 'aggregator';

await runService({ name, schema: aggregatorService }, async ({ parts, config, logger, metrics }) => {
  const { DATABASE_URL: connectionString } = config;
  const onWarning = (warning: string) => logger.warn({ warning }, 'a migration went on without something');
  const migration = { connectionString, folder: migrations, table: 'migrations', onWarning };
  await parts.untilAvailable(() => migrate(migration));
  const store = createPostgresStore({ connectionString, connectionsMax: 10, name });
  parts.started('store', () => store.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const log = await parts.untilAvailable(() =>
    createKafkaLog({ config, name, port: config.PORT, topics: logTopics, clock, logger }),
  );
  parts.started('log', () => log.close());
  parts.run(name, (signal) => runAggregator({ log, store, codec, clock, logger, metrics, config }, signal));
  const watch = createDeviceWatch({ log, store, clock, codec, metrics, config });
  parts.every('device watch', WATCH_DEVICES_EVERY_MS, () => watch.look());
  return { ready: { database: () => store.check(), log: () => log.check() } };
});
