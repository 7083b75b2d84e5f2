import { Gauge, type Registry } from 'prom-client';
import type { Log } from './log.ts';

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
  metrics,
}: {
  readonly log: Log;
  readonly readers: readonly { readonly group: string; readonly topic: string }[];
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
  let latest: readonly ReaderLag[] = [];

  return {
    get readers() {
      return latest;
    },
    async look() {
      latest = await Promise.all(
        readers.map(async ({ group, topic }) => {
          const partitions = await log.lag(topic, group);
          for (const { partition, records: waiting, ageMs } of partitions) {
            const labels = { topic, group, partition: String(partition) };
            records.set(labels, Number(waiting));
            seconds.set(labels, ageMs / 1_000);
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
