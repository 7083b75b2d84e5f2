/**
 * Seeded chance. What a camera sees depends on the seed alone, so that a run can be repeated frame by frame,
 * and any frame can be made without making those before it.
 */

export interface Random {
  /** In 0 (included) to 1 (excluded). */
  next(): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

export type SeedPart = number | string;

/** Mulberry32 behind a hash of the parts: few bits of state, and plenty for furniture and footsteps. */
export function createRandom(...seed: readonly SeedPart[]): Random {
  let state = hashSeed(...seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) / 0x1_0000_0000;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    chance: (probability) => next() < probability,
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
  };
}

/** FNV-1a over the parts as text, parted so that ('a', 'b') and ('ab') differ. */
export function hashSeed(...seed: readonly SeedPart[]): number {
  let hash = 0x811c9dc5;
  for (const character of seed.join('\u0000')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/** A value in 0..1 that belongs to a place: the same for the same seed and coordinates, in any order of asking. */
export function valueAt(seed: number, x: number, y: number): number {
  return mix((seed ^ Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(y | 0, 0x165667b1)) | 0) / 0x1_0000_0000;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 15), value | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
