import { setTimeout as sleep } from 'node:timers/promises';

/** What comes of the work, or null where that takes longer; the work itself goes on. */
export async function inTime<Result>(work: Promise<Result>, withinMs: number): Promise<Result | null> {
  const settled = new AbortController();
  const late = sleep(withinMs, null, { signal: settled.signal }).catch(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}
