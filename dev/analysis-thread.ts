import { parentPort } from 'node:worker_threads';
import { destination, pino, stdSerializers } from 'pino';
import { Registry } from 'prom-client';
import { runAggregator } from '../aggregator/aggregator.ts';
import { createDailyCheck, LOOK_AT_CHECK_EVERY_MS } from '../aggregator/check/daily-check.ts';
import { PATIENT_MS } from '../aggregator/check/keep-check.ts';
import { createRetention, LOOK_AT_RETENTION_EVERY_MS } from '../aggregator/retention/retention.ts';
import { createFilesystemBlobs } from '../ports/blobs/filesystem.ts';
import { systemClock as clock } from '../ports/clock/system.ts';
import { modelOptionsOf } from '../ports/detector/config.ts';
import { openThreadedDetector } from '../ports/detector/threaded-detector.ts';
import { createPostgresLog } from '../ports/log/postgres.ts';
import { runProcess } from '../ports/process.ts';
import { dataOfThread } from '../ports/start-thread.ts';
import { createPostgresStore } from '../ports/store/postgres.ts';
import { openTracing } from '../ports/tracing/open-tracing.ts';
import { yieldProcessors } from '../ports/yield-processors.ts';
import { runProcessor } from '../processor/processor.ts';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { logTopics } from '../schemas/topics.ts';
import { runSnapshots } from '../snapshots/snapshots.ts';
import type { AnalysisOptions, Answer, Request } from './analysis.ts';
import { MESSAGING_SYSTEM } from './config.ts';
import { explain } from './preflight.ts';
import { storesOf } from './stores-of.ts';

/** The thread that analysis.ts starts and talks to. */
const { connectionString, blobsFolder, partitionCount, stopWithinMs, config } = dataOfThread<AnalysisOptions>();
const logger = pino(
  { level: config.LOG_LEVEL, base: null, serializers: { error: stdSerializers.err } },
  destination(2),
);
const metrics = new Registry();
const stopAsked = new AbortController();
const answer = (told: Answer) => parentPort?.postMessage(told);

parentPort?.on('message', async (request: Request) => {
  if (request.kind === 'stop') stopAsked.abort();
  else request.port.postMessage(await metrics.metrics());
});

await runProcess(
  { logger, stopWithinMs, explain, tell: (why) => answer({ kind: 'refused', why }), stopAsked: stopAsked.signal },
  async (parts) => {
    const tracing = await openTracing({ config, service: 'passerby', messagingSystem: MESSAGING_SYSTEM, logger });
    if (tracing) parts.started('tracing', () => tracing.close());
    const detector = await openThreadedDetector(modelOptionsOf(config));
    parts.run('detector', (signal) => detector.run(signal));
    const open = storesOf(parts, connectionString);
    const [logStore, aggregatorStore, snapshotsStore] = [open('log', 12), open('aggregator', 8), open('snapshots', 2)];
    const blobs = createFilesystemBlobs({ folder: blobsFolder });
    const logOptions = { store: logStore, clock, partitionCount, topics: logTopics, betweenThreads: true };
    const log = await parts.untilAvailable(() => createPostgresLog(logOptions));
    const shared = { log, blobs, codec, clock, logger, metrics, tracing, config };
    parts.run('aggregator', (signal) => runAggregator({ ...shared, store: aggregatorStore }, signal));
    parts.run('processor', (signal) => runProcessor({ ...shared, detector }, signal));
    parts.run('snapshots', (signal) => runSnapshots({ ...shared, store: snapshotsStore }, signal));
    const retention = createRetention({ ...shared, store: aggregatorStore });
    parts.every('retention', LOOK_AT_RETENTION_EVERY_MS, () => retention.look(parts.stopping));
    const patientOptions = { connectionString, connectionsMax: 3, name: 'check', statementTimeoutMs: PATIENT_MS };
    const patientStore = createPostgresStore(patientOptions);
    parts.started('store of check', () => patientStore.close());
    const dailyCheck = createDailyCheck({ ...shared, store: patientStore });
    parts.every('check', LOOK_AT_CHECK_EVERY_MS, () => dailyCheck.look(parts.stopping));
    yieldProcessors();
    answer({ kind: 'up', model: detector.model });
  },
);
