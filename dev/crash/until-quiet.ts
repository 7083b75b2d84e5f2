import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 1_000;
/** A record may be between two places where it is looked for. */
const QUIET_LOOKS = 3;

/** Until nothing waits any more, or there is no more time. */
export async function untilQuiet(isQuiet: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (let quiet = 0; quiet < QUIET_LOOKS && performance.now() < deadlineMs; ) {
    await sleep(LOOK_EVERY_MS);
    quiet = (await isQuiet()) ? quiet + 1 : 0;
  }
}
