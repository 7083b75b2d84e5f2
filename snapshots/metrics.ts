import { Counter, Histogram, type Registry } from 'prom-client';

export interface SnapshotMetrics {
  /** What became of an event that should have a picture. */
  snapshot(outcome: string): void;
  time<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createSnapshotMetrics(registry: Registry): SnapshotMetrics {
  const snapshots = new Counter({
    name: 'passerby_snapshots_total',
    help: 'Events that should have a snapshot, by what became of it.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'passerby_snapshot_seconds',
    help: 'Time from an event to its snapshot in the blob store, once it is its turn.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  return {
    snapshot: (outcome) => snapshots.inc({ outcome }),
    async time(work) {
      const end = seconds.startTimer();
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
