import { createAccess } from '../http/access/access.ts';
import { createDeviceAccess } from '../http/access/devices/device-access.ts';
import { diskFolders } from '../http/disk-folders.ts';
import { runService } from '../http/run-service.ts';
import { openS3Blobs } from '../ports/blobs/s3.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { createKafkaLog } from '../ports/log/kafka.ts';
import { createLagWatch } from '../ports/log/watch-lag.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { requireTables } from '../ports/store/require-tables.ts';
import { openCodec } from '../schemas/open-codec.ts';
import { readers } from '../schemas/readers.ts';
import { logTopics } from '../schemas/topics.ts';
import { registerConsole } from './app.ts';
import { consoleService } from './config.ts';
import { diskLimits } from './disk-config.ts';
import { createDiskWatch, LOOK_AT_DISKS_EVERY_MS } from './disk-watch.ts';
import { createCarryOut, SWEEP_ERASURES_EVERY_MS } from './erasures/carry-out.ts';
import { createLedgerWatch, LOOK_AT_LEDGERS_EVERY_MS } from './ledger-watch.ts';
import { createLetterActions, SWEEP_LETTERS_EVERY_MS } from './letter-actions.ts';
import { createLiveEvents, LOOK_FOR_EVENTS_EVERY_MS } from './live-events/live-events.ts';
import { createConfigPublisher, SWEEP_EVERY_MS } from './publish-configs.ts';

/** `npm run start:console`: the page and the API behind it, and what is changed by it; and, for Prometheus, how far readers of the log are behind. */
const name = 'console';
const LAG_EVERY_MS = 5_000;

await runService({ name, schema: consoleService }, async ({ parts, config, logger, metrics }) => {
  const store = createPostgresStore({
    connectionString: config.DATABASE_URL,
    connectionsMax: 6,
    name,
    plansByValues: true,
  });
  parts.started('store', () => store.close());
  await parts.untilAvailable(() => requireTables(store));
  const blobs = await parts.untilAvailable(() => openS3Blobs({ config, logger, missing: 'wait' }));
  parts.started('blobs', () => blobs.close());
  const codec = await openCodec(config, logger, { signal: parts.stopping });
  const log = await parts.untilAvailable(() => createKafkaLog({ config, name, topics: logTopics, clock, logger }));
  parts.started('log', () => log.close());
  const lag = createLagWatch({ log, readers, topics: logTopics, metrics });
  parts.every('lag', LAG_EVERY_MS, () => lag.look());
  const [folders, limits] = [diskFolders(config), diskLimits(config)];
  const diskWatch = createDiskWatch({ blobs, folders, limits, clock, metrics });
  parts.every('disks', LOOK_AT_DISKS_EVERY_MS, () => diskWatch.look());
  const ledgerWatch = createLedgerWatch({ store, clock, metrics });
  parts.every('ledgers', LOOK_AT_LEDGERS_EVERY_MS, () => ledgerWatch.look(parts.stopping));
  const configPublisher = createConfigPublisher({ store, log, codec, clock });
  parts.every('publishing of configurations', SWEEP_EVERY_MS, () => configPublisher.sweep());
  const letterActions = createLetterActions({ store, log, codec, clock });
  parts.every('dead letters', SWEEP_LETTERS_EVERY_MS, () => letterActions.sweep(parts.stopping));
  const carryOut = createCarryOut({ store, log, blobs, codec, clock });
  parts.every('erasures', SWEEP_ERASURES_EVERY_MS, () => carryOut.sweep(parts.stopping));
  const asked = { store, secret: config.SERVER_SECRET, nowMs: clock.nowMs };
  const access = createAccess(asked);
  const devices = createDeviceAccess({ ...asked, config });
  const liveEvents = createLiveEvents({ store, clock, metrics, lookAgain: access.lookAgain });
  parts.every('live events', LOOK_FOR_EVENTS_EVERY_MS, () => liveEvents.look());
  await parts.untilAvailable(() => access.users.ensureAdministrator({ password: config.ADMIN_PASSWORD }));
  const served = {
    store,
    blobs,
    clock,
    lag,
    log,
    diskWatch,
    codec,
    access,
    devices,
    configPublisher,
    letterActions,
    liveEvents,
  };
  return {
    ready: { database: () => store.check(), log: () => log.check() },
    routes: (app) => registerConsole(app, served),
  };
});
