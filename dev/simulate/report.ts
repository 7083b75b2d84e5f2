/** What a run comes to, in lines for people and one line for programs. */

export interface Progress {
  readonly elapsedMs: number;
  readonly captured: number;
  readonly acknowledged: number;
  readonly duplicates: number;
  readonly retries: number;
  /** Why the last retry was needed; empty while there was none. */
  readonly retryReason: string;
  readonly latenciesMs: readonly number[];
}

export interface Outcome {
  readonly devices: number;
  readonly frames: number;
  readonly acknowledged: number;
  readonly duplicates: number;
  readonly retries: number;
  readonly latenciesMs: readonly number[];
  /** What the service itself counts. */
  readonly counted: number;
  /** Acknowledged, and not counted by the service; summed per device, so that none makes up for another. */
  readonly missing: number;
}

export function progressLine(progress: Progress): string {
  const { elapsedMs, captured, acknowledged, duplicates, retries, retryReason } = progress;
  const last = retryReason === '' ? '' : ` (last: ${retryReason})`;
  const [p50, p95] = percentiles(progress.latenciesMs, [0.5, 0.95]);
  return (
    `${Math.round(elapsedMs / 1000)} s: ${captured} captured, ${acknowledged} acknowledged, ` +
    `${Math.max(0, captured - acknowledged)} waiting, ${duplicates} duplicates, ${retries} retries${last}, p50 ${p50} ms, p95 ${p95} ms`
  );
}

export function outcomeLine(outcome: Outcome): string {
  const { devices, frames, acknowledged, duplicates, retries, counted, missing } = outcome;
  const [p50, p95, p99] = percentiles(outcome.latenciesMs, [0.5, 0.95, 0.99]);
  return (
    `devices=${devices} frames=${frames} acknowledged=${acknowledged} duplicates=${duplicates} retries=${retries} ` +
    `p50_ms=${p50} p95_ms=${p95} p99_ms=${p99} counted=${counted} missing=${missing}`
  );
}

/** Nearest rank, to a tenth of a millisecond; 0 where nothing was measured. */
export function percentiles(values: readonly number[], shares: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => Math.round((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0) * 10) / 10);
}
