import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Detector } from '../ports/detector/detector.ts';
import type { Log } from '../ports/log/log.ts';
import type { Codec } from '../schemas/codec.ts';
import type { ProcessorConfig } from './config.ts';
import { createLook } from './look.ts';
import { createProcessorMetrics } from './metrics.ts';
import { motionGrid as grid } from './motion.ts';
import { processLane } from './run-partition.ts';

/** Runs both lanes until the signal; resolves when what was in hand is committed. */
export async function runProcessor(
  {
    log,
    blobs,
    detector,
    codec,
    logger,
    metrics: registry,
    config,
  }: {
    readonly log: Log;
    readonly blobs: Blobs;
    readonly detector: Detector;
    readonly codec: Codec;
    readonly logger: Logger;
    readonly metrics: Registry;
    readonly config: ProcessorConfig;
  },
  signal: AbortSignal,
): Promise<void> {
  const metrics = createProcessorMetrics(registry);
  const shared = {
    blobs,
    codec,
    grid,
    lookAt: createLook({ detector, greySize: { width: grid.columns, height: grid.rows }, metrics }),
    limit: pLimit(config.DECODERS_MAX),
    batchRecordsMax: config.PROCESSOR_BATCH,
    metrics,
    logger,
  };
  const lanes = (['live', 'backlog'] as const).map((lane) =>
    processLane({
      ...shared,
      lane,
      onTrouble: ({ partition, error, pauseMs }) =>
        logger.warn({ lane, partition, pauseMs, error }, 'frames wait: a batch could not be processed'),
    }),
  );
  await Promise.all(lanes.map((subscription) => log.consume(subscription, signal)));
}
