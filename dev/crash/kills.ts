import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../simulate/random.ts';
import type { Service, Victim } from './service.ts';

export interface Kill {
  readonly atMs: number;
  readonly victim: Victim;
}

/** When to kill what: every few seconds, and now and then again while the last blow is still being recovered from. */
export function planKills(seed: number, seconds: number): readonly Kill[] {
  const random = createRandom(seed, 'kills');
  const kills: Kill[] = [];
  for (let atMs = random.between(1_500, 5_000); atMs < seconds * 1_000; ) {
    kills.push({ atMs, victim: random.chance(0.6) ? 'service' : 'postgres' });
    atMs += random.chance(0.2) ? random.between(100, 1_500) : random.between(3_000, 9_000);
  }
  return kills;
}

/** Carries the plan out, starting the service again after each kill. Resolves to how many killed something. */
export async function carryOut(kills: readonly Kill[], service: Service, signal: AbortSignal): Promise<number> {
  const beganMs = performance.now();
  let done = 0;
  for (const { atMs, victim } of kills) {
    await sleep(Math.max(0, beganMs + atMs - performance.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    if (await service.kill(victim)) done += 1;
    if (victim === 'service') service.start();
  }
  return done;
}
