import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { retentionConfig } from '../../aggregator/retention/config.ts';
import { createRetention } from '../../aggregator/retention/retention.ts';
import { createCarryOut } from '../../console/erasures/carry-out.ts';
import { readConfig } from '../../http/read-config.ts';
import { createFilesystemBlobs } from '../../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../../ports/clock/system.ts';
import { createPostgresLog } from '../../ports/log/postgres.ts';
import { createPostgresStore } from '../../ports/store/postgres.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { logTopics } from '../../schemas/topics.ts';

/**
 * A process to be killed: lets go of what is over, as the aggregator does, or of what is to be erased, as the console does,
 * again and again until somebody ends it.
 */
const [connectionString = '', folder = '', work = ''] = process.argv.slice(2);
const PAUSE_MS = 20;

const store = createPostgresStore({ connectionString, connectionsMax: 4, name: work });
const logStore = createPostgresStore({ connectionString, connectionsMax: 2, name: work });
const log = await createPostgresLog({ store: logStore, clock, topics: logTopics, partitionCount: 2 });
const blobs = createFilesystemBlobs({ folder, known: true, shared: true });
const { signal } = new AbortController();
const logger = pino({ level: 'warn' });
const config = readConfig(retentionConfig, {});
const retention = createRetention({ log, store, blobs, clock, logger, metrics: new Registry(), config });
const carryOut = createCarryOut({ store, log, blobs, codec, clock, rowsMax: 500, settleMs: 100 });

for (;;) {
  if (work === 'retention') await retention.look(signal);
  else await carryOut.sweep(signal);
  await sleep(PAUSE_MS);
}
