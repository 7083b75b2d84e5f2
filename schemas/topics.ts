import type { RecordName } from './types.ts';

/** What a log adapter must know to create a topic; ARCHITECTURE.md says what flows where. */
export interface Topic {
  /** Told apart by their schema ids. */
  readonly records: readonly RecordName[];
  /** What a record's key is made of; records with equal keys keep their order. */
  readonly key: 'device_id' | 'lane and device_id' | 'upload_id' | 'original key';
  /** `compact` keeps the newest record of each key for good. */
  readonly cleanup: 'delete' | 'compact';
  /** How long a record is kept that is not yet consumed; null where compaction decides. */
  readonly retentionMs: number | null;
  /** And how much of a partition at most, where the log can cap it: the oldest go first. */
  readonly retentionBytes?: number;
  /** Of one record, where the log's own limit is too small. */
  readonly recordBytesMax?: number;
}

const hoursMs = (hours: number) => hours * 3_600_000;
const gibibytes = (count: number) => count * 2 ** 30;
const daysMs = (days: number) => hoursMs(24 * days);

export const topics = {
  frames: {
    records: ['frame', 'control'],
    key: 'device_id',
    cleanup: 'delete',
    retentionMs: daysMs(7),
    // Some three million frames.
    retentionBytes: gibibytes(1),
  },
  backlog: {
    records: ['frame', 'control'],
    key: 'device_id',
    cleanup: 'delete',
    retentionMs: daysMs(7),
    // Some three million frames.
    retentionBytes: gibibytes(1),
  },
  observations: {
    records: ['observation', 'attempt'],
    key: 'device_id',
    cleanup: 'delete',
    retentionMs: hoursMs(48),
    retentionBytes: gibibytes(2),
  },
  events: {
    records: ['event'],
    key: 'device_id',
    cleanup: 'delete',
    retentionMs: daysMs(30),
  },
  'device-status': {
    records: ['heartbeat'],
    key: 'device_id',
    cleanup: 'delete',
    retentionMs: hoursMs(24),
  },
  'device-config': {
    records: ['device-config'],
    key: 'device_id',
    cleanup: 'compact',
    retentionMs: null,
  },
  'tracker-state': {
    records: ['tracker-state'],
    key: 'lane and device_id',
    cleanup: 'compact',
    retentionMs: null,
  },
  imports: {
    records: ['import'],
    key: 'upload_id',
    cleanup: 'delete',
    retentionMs: daysMs(7),
  },
  'dead-letters': {
    records: ['dead-letter'],
    key: 'original key',
    cleanup: 'delete',
    retentionMs: daysMs(14),
    // A letter holds a whole record of another topic, and more.
    recordBytesMax: 4 * 2 ** 20,
  },
} as const satisfies Record<string, Topic>;

export type TopicName = keyof typeof topics;

/** As adapters of the log take them. */
export const logTopics = Object.entries<Topic>(topics).map(([name, topic]) => ({
  name,
  cleanup: topic.cleanup,
  retentionMs: topic.retentionMs,
  ...(topic.retentionBytes !== undefined && { retentionBytes: topic.retentionBytes }),
  ...(topic.recordBytesMax !== undefined && { recordBytesMax: topic.recordBytesMax }),
}));
