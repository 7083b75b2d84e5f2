import { Gauge, type Registry } from 'prom-client';
import type { Log, LogTopic } from './log.ts';

export interface ReaderLag {
  readonly group: string;
  readonly topic: string;
  readonly records: number;
  /** How long the oldest record that waits has waited. */
  readonly ageMs: number;
}

export interface LagWatch {
  /** As of the last look. */
  readonly readers: readonly ReaderLag[];
  /** Looks at all readers once, for metrics and pages alike: many may ask, the log is asked once. */
  look(): Promise<void>;
}

export function createLagWatch({
  log,
  readers,
  topics,
  metrics,
}: {
  readonly log: Pick<Log, 'lag'>;
  readonly readers: readonly { readonly group: string; readonly topic: string }[];
  /** Of these, how long records are kept. */
  readonly topics: readonly Pick<LogTopic, 'name' | 'retentionMs'>[];
  readonly metrics: Registry;
}): LagWatch {
  const labelNames = ['topic', 'group', 'partition'] as const;
  const records = new Gauge({
    name: 'passerby_log_lag_records',
    help: 'Records of a partition that a reader has not yet committed.',
    labelNames,
    registers: [metrics],
  });
  const seconds = new Gauge({
    name: 'passerby_log_lag_seconds',
    help: 'Age of the oldest record that a reader has not yet committed.',
    labelNames,
    registers: [metrics],
  });
  const offset = new Gauge({
    name: 'passerby_log_committed_offset',
    help: 'Where a reader stands in a partition: while records wait and this does not move, it is stuck.',
    labelNames,
    registers: [metrics],
  });
  const first = new Gauge({
    name: 'passerby_log_first_offset',
    help: 'Of the oldest record of a partition that is kept: above 0, older ones have gone.',
    labelNames: ['topic', 'partition'],
    registers: [metrics],
  });
  const next = new Gauge({
    name: 'passerby_log_next_offset',
    help: 'Of the record that comes next into a partition.',
    labelNames: ['topic', 'partition'],
    registers: [metrics],
  });
  const retention = new Gauge({
    name: 'passerby_log_retention_seconds',
    help: 'How long a topic keeps what nobody has read.',
    labelNames: ['topic'],
    registers: [metrics],
  });
  for (const { name, retentionMs } of topics) {
    if (retentionMs !== null) retention.set({ topic: name }, retentionMs / 1_000);
  }
  let latest: readonly ReaderLag[] = [];

  return {
    get readers() {
      return latest;
    },
    async look() {
      latest = await Promise.all(
        readers.map(async ({ group, topic }) => {
          const partitions = await log.lag(topic, group);
          for (const one of partitions) {
            const place = { topic, partition: String(one.partition) };
            if (one.kept) {
              first.set(place, Number(one.kept.first));
              next.set(place, Number(one.kept.next));
            }
            const labels = { topic, group, partition: place.partition };
            records.set(labels, Number(one.records));
            seconds.set(labels, one.ageMs / 1_000);
            offset.set(labels, Number(one.committed));
          }
          return {
            group,
            topic,
            records: partitions.reduce((sum, partition) => sum + Number(partition.records), 0),
            ageMs: Math.max(0, ...partitions.map((partition) => partition.ageMs)),
          };
        }),
      );
    },
  };
}
