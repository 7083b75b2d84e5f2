import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Outage } from './errors.ts';
import { asOutage } from './store/as-outage.ts';

const WITHIN_MS = 60_000;
const PAUSE_MS = 250;
const TELL_EVERY_MS = 5_000;

/**
 * Does one thing of a start, again for as long as the server that it needs cannot be had: it may be starting itself, or
 * may have been killed just then. What is done is safe to repeat. After a minute it is for somebody else to know
 * better. Rejects in a pause when the signal aborts.
 */
export async function untilAvailable<Result>(
  work: () => Promise<Result>,
  { logger, signal }: { readonly logger: Logger; readonly signal?: AbortSignal },
): Promise<Result> {
  const giveUpMs = performance.now() + WITHIN_MS;
  for (let tellMs = 0; ; await sleep(PAUSE_MS, undefined, { ...(signal && { signal }) })) {
    try {
      return await work();
    } catch (error) {
      const outage = asOutage(error);
      if (!(outage instanceof Outage) || performance.now() > giveUpMs) throw outage;
      if (performance.now() < tellMs) continue;
      tellMs = performance.now() + TELL_EVERY_MS;
      logger.warn({ reason: outage.message }, 'the start waits');
    }
  }
}
