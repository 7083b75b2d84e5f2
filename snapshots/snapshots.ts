import pLimit from 'p-limit';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Blobs } from '../ports/blobs/blobs.ts';
import type { Clock } from '../ports/clock/clock.ts';
import type { Log, StoredRecord, Subscription } from '../ports/log/log.ts';
import type { Store } from '../ports/store/store.ts';
import { traceIdOf } from '../ports/tracing/trace.ts';
import { type Tracing, within } from '../ports/tracing/tracing.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { drawnTypes } from '../schemas/snapshot-config.ts';
import type { Event } from '../schemas/types.ts';
import type { SnapshotsConfig } from './config.ts';
import { createSnapshotMetrics } from './metrics.ts';
import { createPictures } from './pictures.ts';
import { whatToDraw } from './what-to-draw.ts';

/**
 * The pictures of events, of the types that are to be drawn. Runs until the signal; resolves when what was in hand is committed.
 *
 * Events are read at least once and need no more than that: a picture's name and bytes follow from its event, and a
 * blob is written once, so drawing it again changes nothing. The offset moves after the pictures are durable.
 */
export async function runSnapshots(
  {
    log,
    blobs,
    store,
    codec,
    clock,
    logger,
    metrics: registry,
    tracing = null,
    config,
  }: {
    readonly log: Log;
    readonly blobs: Blobs;
    readonly store: Store;
    readonly codec: Codec;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: Registry;
    readonly tracing?: Tracing | null;
    readonly config: SnapshotsConfig;
  },
  signal: AbortSignal,
): Promise<void> {
  const metrics = createSnapshotMetrics(registry);
  const limit = pLimit(config.DRAWINGS_MAX);
  const pictures = createPictures({ log, blobs, store, clock, blurPeople: config.SNAPSHOTS_BLUR_PEOPLE });
  const types: readonly string[] = drawnTypes(config);

  /** Answers what there is to tell of it, once all of its batch is seen: until then it may come again. */
  async function see(partition: number, record: StoredRecord): Promise<() => void> {
    const event = readEvent(record);
    if (event === null) {
      return () => {
        // The aggregator makes a dead letter of it.
        metrics.snapshot('unreadable');
        logger.warn({ partition, offset: String(record.offset) }, 'a record is no event, and stays without a snapshot');
      };
    }
    const drawing = types.includes(event.type) ? whatToDraw(event) : null;
    if (drawing === null) return () => undefined;
    const { outcome, ...why } = await within(tracing, 'draw snapshot', record.headers, async (span) => {
      const kept =
        'outcome' in drawing ? drawing : await metrics.time(() => pictures.keep(event, drawing, record.appendedAtMs));
      span?.note({ 'passerby.device_id': event.device_id, 'passerby.outcome': kept.outcome });
      return kept;
    });
    const trace_id = traceIdOf(record.headers?.traceparent);
    const told = { event: event.event_id, device: event.device_id, trace_id, outcome, ...why };
    return () => {
      metrics.snapshot(outcome);
      if (outcome === 'stored' || outcome === 'exists' || outcome === 'erased') logger.debug(told, 'snapshot');
      else logger.warn(told, 'an event stays without its snapshot');
    };
  }

  function readEvent({ value }: StoredRecord): Event | null {
    try {
      const decoded = codec.decode(value ?? Buffer.alloc(0));
      return decoded.name === 'event' ? decoded.value : null;
    } catch (error) {
      if (error instanceof UndecodableRecord) return null;
      throw error;
    }
  }

  const subscription: Subscription<null> = {
    topic: 'events',
    group: 'snapshots',
    writes: [],
    batchRecordsMax: config.SNAPSHOTS_BATCH,
    open: async () => ({ state: null }),
    async step(state, { partition, records }) {
      // All are awaited before one's outage is thrown, so that nothing is still drawn when the batch comes again.
      const seen = await Promise.allSettled(records.map((record) => limit(() => see(partition, record))));
      const tellings = seen.map((one) => {
        if (one.status === 'rejected') throw one.reason;
        return one.value;
      });
      for (const tell of tellings) tell();
      return { state, outputs: [] };
    },
    onTrouble: ({ partition, error, pauseMs }) =>
      logger.warn({ partition, pauseMs, error }, 'snapshots wait: a batch of events could not be drawn'),
  };
  await log.consume(subscription, signal);
}
