import { keepNewest } from './keep-newest.ts';

/** Counts failures in a row by key, and says how long one with too many has to wait. */
export interface FailedTries {
  /** Takes a try, counting it as failed until told otherwise, or says how long to wait. So parallel guesses count too. */
  take(key: string): { readonly waitMs: number };
  succeeded(key: string): void;
  /** The try came to no result. */
  undo(key: string): void;
}

interface Tally {
  readonly failures: number;
  readonly lastMs: number;
}

const WAIT_MAX_MS = 5 * 60_000;
const FORGOTTEN_AFTER_MS = 15 * 60_000;
/** Some megabytes at most; the key that has been quiet longest is forgotten first. */
const KEYS_MAX = 10_000;

export function createFailedTries({
  nowMs,
  freeTries,
}: {
  readonly nowMs: () => number;
  readonly freeTries: number;
}): FailedTries {
  const tallies = new Map<string, Tally>();

  function read(key: string): Tally {
    const tally = tallies.get(key);
    return tally && nowMs() - tally.lastMs < FORGOTTEN_AFTER_MS ? tally : { failures: 0, lastMs: nowMs() };
  }

  const write = (key: string, tally: Tally) => keepNewest(tallies, key, tally, KEYS_MAX);

  return {
    take(key) {
      const { failures, lastMs } = read(key);
      const pauseMs = failures < freeTries ? 0 : Math.min(WAIT_MAX_MS, 1_000 * 2 ** (failures - freeTries));
      const waitMs = lastMs + pauseMs - nowMs();
      if (pauseMs > 0 && waitMs > 0) return { waitMs };
      write(key, { failures: failures + 1, lastMs: nowMs() });
      return { waitMs: 0 };
    },
    succeeded(key) {
      tallies.delete(key);
    },
    undo(key) {
      const { failures, lastMs } = read(key);
      if (failures > 0) write(key, { failures: failures - 1, lastMs });
    },
  };
}

/** Whoever has one IPv6 address has the other 2^64 of its network too, so these count as one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
