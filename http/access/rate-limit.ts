import { keepNewest } from './keep-newest.ts';

/** How often somebody may come: so many a second on the whole, and a burst at once. */
export interface RateLimit {
  /** Takes a turn, or says how long to wait for one. */
  take(key: string): { readonly waitMs: number };
}

interface Bucket {
  readonly turns: number;
  readonly atMs: number;
}

/** A burst is what comes in so long at the full rate: a camera that has its network back has much to tell. */
const BURST_S = 10;
/** The key that has been quiet longest is forgotten first; it has its full burst again. */
const KEYS_MAX = 50_000;

export function createRateLimit({
  perSecond,
  nowMs,
}: {
  /** 0 is no limit. */
  readonly perSecond: number;
  readonly nowMs: () => number;
}): RateLimit {
  const full = perSecond * BURST_S;
  const buckets = new Map<string, Bucket>();

  function turnsOf(key: string, now: number): number {
    const bucket = buckets.get(key);
    return bucket ? Math.min(full, bucket.turns + (Math.max(0, now - bucket.atMs) * perSecond) / 1_000) : full;
  }

  return {
    take(key) {
      if (perSecond === 0) return { waitMs: 0 };
      const now = nowMs();
      const turns = turnsOf(key, now);
      if (turns < 1) {
        // After a clock is set back, what is still missing counts from now, or the wait would be longer than is told.
        if (now < (buckets.get(key)?.atMs ?? now)) buckets.set(key, { turns, atMs: now });
        return { waitMs: Math.ceil(((1 - turns) * 1_000) / perSecond) };
      }
      keepNewest(buckets, key, { turns: turns - 1, atMs: now }, KEYS_MAX);
      return { waitMs: 0 };
    },
  };
}
