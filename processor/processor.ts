import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Detector } from '../ports/detector/detector.ts';
import type { Log } from '../ports/log/log.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Lane } from '../schemas/types.ts';
import type { ProcessorConfig } from './config.ts';
import { createEyes } from './eyes.ts';
import { createProcessorMetrics } from './metrics.ts';
import { motionGrid as grid } from './motion.ts';
import { processLane, topicOf } from './run-partition.ts';
import { silenceOf } from './state.ts';
import { createTakeTurns, type Room } from './take-turns.ts';
import { createTicks } from './ticks.ts';

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
    config,
  }: {
    readonly log: Log;
    readonly blobs: Blobs;
    readonly detector: Detector;
    readonly codec: Codec;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Registry;
    readonly config: ProcessorConfig;
  },
  signal: AbortSignal,
): Promise<void> {
  const metrics = createProcessorMetrics(registry);
  const eyes = createEyes({ detector, greySize: { width: grid.columns, height: grid.rows }, metrics });
  // Shared by all lanes and partitions, so that memory and processors are bounded once for all.
  const room = pLimit(config.DECODERS_MAX);
  // Late frames stand in the same line, but only one of them at a time: a live one waits for one of them at most.
  const lateRoom = pLimit(1);
  const roomOf: Record<Lane, Room> = { live: room, backlog: (work) => lateRoom(() => room(work)) };
  const lanes = (['live', 'backlog'] as const).map((lane) => {
    const ticks = createTicks({ log, codec, clock, topic: topicOf[lane], silenceOf, logger });
    const subscription = processLane({
      codec,
      metrics,
      logger,
      lane,
      ticks,
      takeTurns: createTakeTurns({ blobs, eyes, options: { lane, grid }, room: roomOf[lane], metrics }),
      batchRecordsMax: config.PROCESSOR_BATCH,
      onTrouble: ({ partition, error, pauseMs }) =>
        logger.warn({ lane, partition, pauseMs, error }, 'frames wait: a batch could not be processed'),
    });
    return Promise.all([log.consume(subscription, signal), ticks.run(signal)]);
  });
  await Promise.all(lanes);
}
