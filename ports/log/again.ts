import { setTimeout as sleep } from 'node:timers/promises';

export interface AgainOptions {
  readonly signal: AbortSignal;
  readonly pauseMaxMs: number;
  readonly onFailure: (error: unknown, pauseMs: number) => void;
}

const PAUSE_MIN_MS = 100;

/** Works until the signal, anew after each failure. Pauses grow until the work says that it goes well. */
export async function again(
  work: (wentWell: () => void) => Promise<void>,
  { signal, pauseMaxMs, onFailure }: AgainOptions,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await work(() => {
        failures = 0;
      });
    } catch (error) {
      // Whoever is to stop need not say that it could not go on.
      if (signal.aborted) return;
      const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** failures, pauseMaxMs);
      failures += 1;
      onFailure(error, pauseMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
