import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../simulate/random.ts';
import type { Target } from './target.ts';

export interface Blow {
  readonly atMs: number;
  readonly name: string;
}

/** When to strike what: every few seconds, and now and then again while the last blow is still being recovered from. */
export function planBlows(seed: number, seconds: number, blows: Target['blows']): readonly Blow[] {
  const random = createRandom(seed, 'kills');
  const plan: Blow[] = [];
  for (let atMs = random.between(1_500, 5_000); atMs < seconds * 1_000; ) {
    plan.push({ atMs, name: choose(random.between(0, 1), blows) });
    atMs += random.chance(0.2) ? random.between(100, 1_500) : random.between(3_000, 9_000);
  }
  return plan;
}

/** The same blow again and again. */
export function planEvery(everyMs: number, seconds: number, names: readonly string[]): readonly Blow[] {
  return Array.from({ length: Math.floor((seconds * 1_000) / everyMs) }, (_, index) => ({
    atMs: (index + 1) * everyMs,
    name: names[index % names.length] as string,
  }));
}

function choose(share: number, blows: Target['blows']): string {
  let rest = share * Object.values(blows).reduce((sum, weight) => sum + weight, 0);
  for (const [name, weight] of Object.entries(blows)) {
    rest -= weight;
    if (rest <= 0) return name;
  }
  throw new Error('there is nothing to strike');
}

/** Carries the plan out. Resolves to how many killed something. */
export async function carryOut(
  plan: readonly Blow[],
  { target, signal, onStruck }: { target: Target; signal: AbortSignal; onStruck: (line: string) => void },
): Promise<number> {
  const beganMs = performance.now();
  let kills = 0;
  for (const { atMs, name } of plan) {
    await sleep(Math.max(0, beganMs + atMs - performance.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const killed = await target.strike(name);
    if (killed) kills += 1;
    onStruck(`${(atMs / 1_000).toFixed(1)} s: ${name} ${killed ? 'killed' : 'comes, goes or is still starting'}`);
  }
  return kills;
}
