import { statement } from '../../ports/store/statement.ts';
import type { Holds } from './classes.ts';
import { type Downscaled, type DownscaleWork, downscale } from './downscale.ts';
import type { Scope } from './limits.ts';
import type { RetentionMetrics } from './metrics.ts';
import { wordsOf } from './receipt.ts';

/** What a run made smaller, as it is told and kept. */
export type DownscalingReceipt = Readonly<Record<Downscaled, number>> & {
  /** By how much less the pictures are. */
  readonly bytes: number;
  /** Could not be had as they were stored; the next run tries again. */
  readonly put_off: number;
  /** Whether there was more than a run has time for. */
  readonly more: boolean;
  readonly took_ms: number;
  /** Why it did not come to its end; null if it did. */
  readonly error: string | null;
};

export interface Downscaling {
  /** Null where nobody wants it, or all is to stop. What fails is told and not thrown: the receipt is still to be written. */
  run(
    of: { readonly scopes: readonly Scope[]; readonly holds: Holds; readonly asOfMs: number },
    signal: AbortSignal,
  ): Promise<DownscalingReceipt | null>;
}

/** What came to be due lately is looked for in each run, and all that there is once a day, or until all has been gone through. */
const LATELY_MS = 3 * 24 * 3_600_000;
/** Between two runs all else has its turn. */
const RUN_MS_MAX = 5 * 60_000;

const newest = statement(import.meta.url, './sql/newest-downscaling.sql');

export function createDownscaling({
  metrics,
  ...dependencies
}: Omit<DownscaleWork, 'onBatch'> & { readonly metrics: Pick<RetentionMetrics, 'downscaled'> }): Downscaling {
  const { store, clock } = dependencies;

  /** Frames that come days late, letters that are gone and times that were changed are rare, and all rows are many. */
  async function isForAll(): Promise<boolean> {
    const [last] = await store.run<{ started_at: Date; downscaled: DownscalingReceipt | null }>(newest);
    if (!last?.downscaled || last.downscaled.more || last.downscaled.error !== null) return true;
    return dayOf(last.started_at.getTime()) !== dayOf(clock.nowMs());
  }

  return {
    async run({ scopes, holds, asOfMs }, signal) {
      // Devices with times of their own come first: they are few, and everybody's may take all the time there is.
      const wanted = scopes
        .flatMap((scope) => (scope.wholeMs === null ? [] : [{ scope, wholeMs: scope.wholeMs }]))
        .reverse();
      if (wanted.length === 0 || signal.aborted) return null;
      const startedMs = performance.now();
      const sum = { smaller: 0, kept: 0, unreadable: 0, bytes: 0, put_off: 0, more: false };
      let error: string | null = null;
      const onBatch: DownscaleWork['onBatch'] = (batch) => {
        metrics.downscaled(batch);
        sum.smaller += batch.counts.smaller;
        sum.kept += batch.counts.kept;
        sum.unreadable += batch.counts.unreadable;
        sum.bytes += batch.bytes;
        sum.put_off += batch.putOff;
      };
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(RUN_MS_MAX)]);
      try {
        const forAll = await isForAll();
        for (const { scope, wholeMs } of wanted) {
          const beforeMs = asOfMs - wholeMs;
          const of = { scope, holds, beforeMs, sinceMs: forAll ? null : beforeMs - LATELY_MS };
          const { more } = await downscale({ ...dependencies, onBatch }, of, inTime);
          sum.more ||= more;
        }
      } catch (thrown) {
        error = wordsOf(thrown);
      }
      return { ...sum, took_ms: Math.round(performance.now() - startedMs), error };
    },
  };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
