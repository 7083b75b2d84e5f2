import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Outage } from './errors.ts';
import { asOutage } from './store/as-outage.ts';

const WITHIN_MS = 60_000;
const PAUSE_MS = 250;
const TELL_EVERY_MS = 5_000;

/**
 * Does one thing of a start, again for as long as the server that it needs cannot be had: it may be starting itself, or
 * may have been killed just then. What is done is safe to repeat, or to leave half done. After a minute it is for
 * somebody else to know better, unless the work itself never ends. Rejects at once when the signal aborts.
 */
export async function untilAvailable<Result>(
  work: () => Promise<Result>,
  { logger, signal = new AbortController().signal }: { readonly logger: Logger; readonly signal?: AbortSignal },
): Promise<Result> {
  const giveUpMs = performance.now() + WITHIN_MS;
  let reason: string | null = null;
  const tell = () => logger.warn({ reason: reason ?? 'no answer yet' }, 'the start waits');
  const teller = setInterval(tell, TELL_EVERY_MS);
  const aborted = new Promise<never>((_, fail) => {
    if (signal.aborted) fail(signal.reason);
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await Promise.race([work(), aborted]);
      } catch (error) {
        const outage = asOutage(error);
        if (!(outage instanceof Outage) || performance.now() > giveUpMs) throw outage;
        const isFirst = reason === null;
        reason = outage.message;
        if (isFirst) tell();
      }
      await sleep(PAUSE_MS, undefined, { signal });
    }
  } finally {
    clearInterval(teller);
  }
}
