import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Detector } from '../ports/detector/detector.ts';
import type { Log } from '../ports/log/log.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import type { Codec } from '../schemas/codec.ts';
import { createWentWell } from './attempts.ts';
import type { ProcessorConfig } from './config.ts';
import { createIsErased } from './erased-pictures.ts';
import { createEyes } from './eyes.ts';
import { createFetchPicture } from './fetch-picture.ts';
import { createProcessorMetrics } from './metrics.ts';
import { motionGrid as grid } from './motion.ts';
import { createRooms } from './rooms.ts';
import { processLane, topicOf } from './run-partition.ts';
import { silenceOf } from './state.ts';
import { createTakeTurns } from './take-turns.ts';
import { createTellAttempt } from './tell-attempt.ts';
import { createTicks } from './ticks.ts';

/** Some 7 MB of a partition that is so far behind. */
const WINDOW_RECORDS_MAX = 10_000;

/** Runs both lanes until the signal; resolves when what was in hand is committed. */
export async function runProcessor(
  {
    log,
    blobs,
    detector,
    codec,
    clock,
    logger,
    metrics: registry,
    tracing = null,
    config,
  }: {
    readonly log: Log;
    readonly blobs: Blobs;
    readonly detector: Detector;
    readonly codec: Codec;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Registry;
    readonly tracing?: Tracing | null;
    readonly config: ProcessorConfig;
  },
  signal: AbortSignal,
): Promise<void> {
  if (config.PROCESSOR_CYCLE_S > 0) {
    logger.info({ everyS: config.PROCESSOR_CYCLE_S }, 'frames are analysed in cycles, and wait in between');
  }
  const metrics = createProcessorMetrics(registry);
  const eyes = createEyes({ detector, greySize: { width: grid.columns, height: grid.rows }, metrics });
  const fetchPicture = createFetchPicture({ blobs, isErased: createIsErased({ blobs }) });
  const rooms = createRooms(config.DECODERS_MAX);
  const attempts = {
    attemptsMax: config.PROCESSOR_ATTEMPTS,
    wentWell: createWentWell(),
    tell: createTellAttempt({ log, codec, clock, logger }),
  };
  const lanes = (['live', 'backlog'] as const).map((lane) => {
    const ticks = createTicks({ log, codec, clock, topic: topicOf[lane], silenceOf, logger });
    const subscription = processLane({
      codec,
      metrics,
      tracing,
      logger,
      lane,
      ticks,
      takeTurns: createTakeTurns({ fetchPicture, eyes, options: { lane, grid }, room: rooms[lane], metrics }),
      attempts,
      flood: config.PROCESSOR_FLOOD,
      batchRecordsMax: config.PROCESSOR_BATCH,
      deviceRecordsMax: config.PROCESSOR_DEVICE_BATCH,
      windowRecordsMax: WINDOW_RECORDS_MAX,
      batchEveryMs: 1_000 * config.PROCESSOR_CYCLE_S,
      onTrouble: ({ partition, error, pauseMs }) =>
        logger.warn({ lane, partition, pauseMs, error }, 'frames wait: a batch could not be processed'),
    });
    return Promise.all([log.consume(subscription, signal), ticks.run(signal)]);
  });
  await Promise.all(lanes);
}
