import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Outage } from '../errors.ts';
import { asOutage } from './as-outage.ts';

const WITHIN_MS = 30_000;
const PAUSE_MS = 250;

/**
 * Does one thing of a start, again for as long as the database cannot be had: it may be starting itself, or may have
 * been killed just then. What is done is safe to repeat. After half a minute it is for somebody else to know better.
 */
export async function untilAvailable<Result>(work: () => Promise<Result>, logger: Logger): Promise<Result> {
  for (const giveUpMs = performance.now() + WITHIN_MS; ; await sleep(PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      const outage = asOutage(error);
      if (!(outage instanceof Outage) || performance.now() > giveUpMs) throw outage;
      logger.warn({ reason: outage.message }, 'the start waits for the database');
    }
  }
}
