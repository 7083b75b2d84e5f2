import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import type { DeviceRetention } from '../../schemas/device-retention.ts';
import type { RetentionConfig } from '../retention/config.ts';
import { holdAlone } from '../retention/hold-alone.ts';
import { type Limit, longer, scopesOf, unanalysedFor } from '../retention/limits.ts';
import { type CheckDependencies, type CheckOptions, check } from './check.ts';
import type { CheckReport } from './report.ts';

const sql = {
  owns: statement(import.meta.url, '../retention/sql/own-retention.sql'),
  newest: statement(import.meta.url, './sql/newest-check.sql'),
  insert: statement(import.meta.url, './sql/insert-check.sql'),
};

const HOUR_MS = 3_600_000;
/** How long a statement of it may take: it lists everything, and compares it. */
export const PATIENT_MS = 15 * 60_000;

/** Its store is one whose statements may take `PATIENT_MS`. */
export type KeptCheck = CheckDependencies & { readonly config: RetentionConfig };

/** Checks, and keeps what was found, for people to see; null where another process is at it, or it was told to stop. */
export async function keepCheck(
  { config, ...dependencies }: KeptCheck,
  options: Pick<CheckOptions, 'repair' | 'force'>,
  {
    signal,
    isStillTime = async () => true,
  }: { readonly signal: AbortSignal; readonly isStillTime?: () => Promise<boolean> },
): Promise<CheckReport | null> {
  const { store } = dependencies;
  let report: CheckReport | null = null;
  await holdAlone(store, { lock: 'check', signal }, async (alone) => {
    if (!(await isStillTime())) return;
    const keptMs = await longestKept(store, config);
    const stagingMs = config.RETENTION_STAGING_H === 0 ? null : config.RETENTION_STAGING_H * HOUR_MS;
    try {
      report = await check(dependencies, { ...options, keptMs, stagingMs, signal: alone });
    } catch (error) {
      // Nothing is noted of what was not looked at to its end: the next check begins anew.
      if (alone.aborted && error === alone.reason) return;
      throw error;
    }
    const { lookedAt, findings, startedAtMs, finishedAtMs } = report;
    const times = [new Date(startedAtMs), new Date(finishedAtMs)];
    await store.run(sql.insert, [...times, lookedAt, JSON.stringify(findings)]);
  });
  return report;
}

export async function newestCheckMs(store: Queryable): Promise<number | null> {
  const [newest] = await store.run<{ finished_at: Date }>(sql.newest);
  return newest?.finished_at.getTime() ?? null;
}

/**
 * Of whichever device: one that is over after all goes by itself. One of which the log has lost the record before anybody
 * read it is still to be analysed, and the log keeps records for longer than analysed frames are kept.
 */
async function longestKept(store: Queryable, config: RetentionConfig): Promise<Limit> {
  const rows = await store.run<{ id: string; retention: DeviceRetention }>(sql.owns);
  const owns = rows.map(({ id: deviceId, retention }) => ({ deviceId, retention }));
  return scopesOf(config, owns)
    .map(({ limits }) => limits.captures)
    .reduce(longer, unanalysedFor(config));
}
