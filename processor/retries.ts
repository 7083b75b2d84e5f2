/**
 * When a frame is tried again whose picture cannot be had, or at which the decoder or the detector throws, and when it
 * is given up. Its device waits for it, since nothing of a device goes past what waits (promise 4); others do not.
 *
 * An outage is no failure of a frame (promise 8): a failure counts only if since its attempt began the same stage went
 * well with another frame, whichever device's. As long as nothing goes well, frames are tried again and none is given up;
 * of all failures in one outage at most one comes to count. Pure: times are of a clock that nobody sets, and chance is
 * passed in.
 */
export type Stage = 'fetch' | 'decode' | 'look';

export interface Failure {
  readonly stage: Stage;
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
  /** False where somebody else decides how long it is tried. */
  readonly mayBeGivenUp: boolean;
  readonly beganMs: number;
  readonly failedMs: number;
}

/** Of one frame. */
export interface Retry {
  readonly failure: Failure;
  /** Failures of the frame that counted when this attempt began. */
  readonly failuresBefore: number;
  readonly dueMs: number;
}

/** When a stage last went well with any frame. */
export type WentWellMs = Readonly<Record<Stage, number>>;

export const nothingWentWell: WentWellMs = {
  fetch: Number.NEGATIVE_INFINITY,
  decode: Number.NEGATIVE_INFINITY,
  look: Number.NEGATIVE_INFINITY,
};

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

export const usualBackoff: Backoff = { firstMs: 500, mostMs: 30_000 };

export function retryAfter(
  failure: Failure,
  {
    failuresBefore,
    backoff,
    chance,
  }: { readonly failuresBefore: number; readonly backoff: Backoff; readonly chance: number },
): Retry {
  const mostMs = Math.min(backoff.firstMs * 2 ** failuresBefore, backoff.mostMs);
  // From half of it to all, so that devices which failed together do not come back together.
  return { failure, failuresBefore, dueMs: failure.failedMs + (mostMs * (1 + chance)) / 2 };
}

/** How many failures count by now. */
export function failuresOf({ failure, failuresBefore }: Retry, wentWellMs: WentWellMs): number {
  return failuresBefore + (isOutage(failure, wentWellMs) ? 0 : 1);
}

/** As far as is known: nothing has gone well since. */
export function isOutage({ stage, beganMs }: Pick<Failure, 'stage' | 'beganMs'>, wentWellMs: WentWellMs): boolean {
  return wentWellMs[stage] < beganMs;
}

export type Verdict = { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'try' | 'give-up' };

export function verdictOn(
  retry: Retry,
  {
    nowMs,
    wentWellMs,
    attemptsMax,
  }: { readonly nowMs: number; readonly wentWellMs: WentWellMs; readonly attemptsMax: number },
): Verdict {
  if (retry.failure.mayBeGivenUp && failuresOf(retry, wentWellMs) >= attemptsMax) return { kind: 'give-up' };
  return nowMs < retry.dueMs ? { kind: 'wait', ms: retry.dueMs - nowMs } : { kind: 'try' };
}

/** It went well after all, though that is not committed: what did so is no sign against it. */
export function overcome({ failure, dueMs }: Retry, failures: number): Retry {
  return { failure: { ...failure, beganMs: Number.POSITIVE_INFINITY }, failuresBefore: failures, dueMs };
}

/** One attempt more for what was given up: perhaps it was not the frame's fault. */
export function oneMore(retry: Retry, attemptsMax: number): Retry {
  return { ...retry, failuresBefore: Math.min(retry.failuresBefore, attemptsMax - 2) };
}
