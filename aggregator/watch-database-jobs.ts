import { Gauge, type Registry } from 'prom-client';
import { statement } from '../ports/store/statement.ts';
import type { Store } from '../ports/store/store.ts';

/** Tells how the database's own jobs go, which nobody else would miss: disks fill faster, and sums are slower. */
export interface DatabaseJobsWatch {
  look(): Promise<void>;
}

export const WATCH_DATABASE_JOBS_EVERY_MS = 60_000;

const listJobs = statement(import.meta.url, './sql/list-database-jobs.sql');

interface JobRow {
  readonly work: string;
  readonly relation: string;
  readonly failing: boolean;
}

export function createDatabaseJobsWatch({
  store,
  metrics,
}: {
  readonly store: Store;
  readonly metrics: Registry;
}): DatabaseJobsWatch {
  const failing = new Gauge({
    name: 'passerby_database_job_failing',
    help: 'Whether a job that TimescaleDB runs by itself for a table or a view fails (1), or has not been run.',
    labelNames: ['work', 'relation'],
    registers: [metrics],
  });
  return {
    async look() {
      const rows = await store.run<JobRow>(listJobs);
      failing.reset();
      for (const { work, relation, failing: fails } of rows) failing.set({ work, relation }, fails ? 1 : 0);
    },
  };
}
