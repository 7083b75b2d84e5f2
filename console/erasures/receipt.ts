import { readers } from '../../schemas/readers.ts';
import { type Topic, type TopicName, topics } from '../../schemas/topics.ts';
import type { ErasureRow } from './erasures.ts';

/**
 * What is gone now, and what goes by when. Tables, blobs and the processor's states are erased at once; the records of a
 * log go by their age. Pure.
 */
export interface LogDeadline {
  readonly topic: TopicName;
  /** From then on the log holds nothing of it. */
  readonly by: Date;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A broker deletes whole segments, and closes one after a week at the latest. */
const SEGMENT_MS = 7 * DAY_MS;
/** Compaction: a day until a segment is closed, a day until it is compacted, a day for which a deletion is kept. */
const COMPACTED_MS = 3 * DAY_MS;
/** The embedded log looks for what may go once a minute. */
const TRIM_MS = 60_000;
/** What all have read goes at once, and what they are still to read an hour after. */
const READ_MS = HOUR_MS + TRIM_MS;

/** Those in which there is something of a device. */
const HOLDING: readonly TopicName[] = [
  'frames',
  'backlog',
  'observations',
  'events',
  'device-status',
  'dead-letters',
  'tracker-state',
];

export function logDeadlines(
  { kind, finished_at }: Pick<ErasureRow, 'kind' | 'finished_at'>,
  { nowMs, erasesConsumed }: { readonly nowMs: number; readonly erasesConsumed: boolean },
): readonly LogDeadline[] {
  const sinceMs = finished_at?.getTime() ?? nowMs;
  const holding: readonly TopicName[] = kind === 'device' ? [...HOLDING, 'device-config'] : HOLDING;
  const afterMs = erasesConsumed ? embeddedMs : brokerMs;
  return holding.map((topic) => ({ topic, by: new Date(sinceMs + afterMs(topic)) }));
}

function brokerMs(topic: TopicName): number {
  const { retentionMs }: Topic = topics[topic];
  return retentionMs === null ? COMPACTED_MS : retentionMs + SEGMENT_MS;
}

function embeddedMs(topic: TopicName): number {
  const { retentionMs }: Topic = topics[topic];
  if (retentionMs === null) return 0;
  return readers.some((reader) => reader.topic === topic) ? READ_MS : retentionMs + TRIM_MS;
}
