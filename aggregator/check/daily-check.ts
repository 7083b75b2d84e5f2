import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { type KeptCheck, keepCheck, newestCheckMs } from './keep-check.ts';
import { type FindingKind, isWrong, KINDS } from './report.ts';

/** Once a day, by whichever process comes to it: pictures that nothing refers to go, all else is told. */
export interface DailyCheck {
  look(signal: AbortSignal): Promise<void>;
}

export const LOOK_AT_CHECK_EVERY_MS = 10 * 60_000;
const CHECK_EVERY_MS = 24 * 3_600_000;

export function createDailyCheck({
  logger,
  metrics,
  ...kept
}: KeptCheck & { readonly logger: Logger; readonly metrics: Registry }): DailyCheck {
  const { store, clock } = kept;
  const ran = new Gauge({
    name: 'passerby_check_last_run_timestamp_seconds',
    help: 'When rows, blobs and records of the log were last compared, by whichever process.',
    registers: [metrics],
  });
  const found = new Gauge({
    name: 'passerby_check_findings',
    help: 'What the last check of this process found and did not repair, by kind.',
    labelNames: ['kind'],
    registers: [metrics],
  });

  async function isTime(): Promise<boolean> {
    const newestMs = await newestCheckMs(store);
    if (newestMs === null) return true;
    ran.set(newestMs / 1_000);
    const sinceMs = clock.nowMs() - newestMs;
    return sinceMs >= CHECK_EVERY_MS || sinceMs < 0;
  }

  return {
    async look(signal) {
      if (!(await isTime())) return;
      const report = await keepCheck(kept, { repair: 'orphans' }, { signal, isStillTime: isTime });
      if (report === null) {
        if (signal.aborted) logger.info('the check was stopped before its end, and the next begins anew');
        return;
      }
      ran.set(report.finishedAtMs / 1_000);
      const counts = new Map(report.findings.map(({ kind, count, repaired }) => [kind, count - repaired]));
      for (const kind of Object.keys(KINDS) as FindingKind[]) found.set({ kind }, counts.get(kind) ?? 0);
      if (isWrong(report)) {
        logger.warn({ findings: report.findings }, 'rows, pictures and the log do not agree: npm run check tells more');
      }
    },
  };
}
