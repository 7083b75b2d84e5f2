/**
 * Which of the last 4,096 seqs of an epoch were stepped (promise 2): the second copy of a record is dropped by it.
 * Whatever lies outside (an older seq, a forgotten epoch) may be a frame whose first upload was given up half-way and
 * completed much later; it counts as new, since to lose it would be worse than to look at it twice.
 */
export type SeenSeqs = readonly EpochSeqs[];

interface EpochSeqs {
  readonly epoch: number;
  readonly highest: number;
  /** Bit (seq mod 4,096) says that the seq was seen, for seqs in (highest − 4,096, highest]. */
  readonly bits: Uint8Array;
}

const WINDOW = 4_096;
/** Epoch 0, of frames without a seq, goes on beside the device's own; of those, one is new and one may run out. */
const EPOCHS_MAX = 4;

export const noSeqs: SeenSeqs = [];

export function hasSeen(seen: SeenSeqs, epoch: number, seq: number): boolean {
  const window = seen.find((one) => one.epoch === epoch);
  if (!window || seq > window.highest || seq <= window.highest - WINDOW) return false;
  const at = seq % WINDOW;
  return ((window.bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}

export function withSeen(seen: SeenSeqs, epoch: number, seq: number): SeenSeqs {
  const window = seen.find((one) => one.epoch === epoch) ?? { epoch, highest: -1, bits: new Uint8Array(WINDOW / 8) };
  if (seq <= window.highest - WINDOW) return seen;
  const others = seen.filter((one) => one !== window);
  return [...others, advance(window, seq)].sort((a, b) => rank(b) - rank(a)).slice(0, EPOCHS_MAX);
}

/** Epoch 0 is never the one to be forgotten. */
function rank({ epoch }: EpochSeqs): number {
  return epoch === 0 ? Number.POSITIVE_INFINITY : epoch;
}

function advance({ epoch, highest, bits: before }: EpochSeqs, seq: number): EpochSeqs {
  const bits = Uint8Array.from(before);
  if (seq - highest >= WINDOW) bits.fill(0);
  else for (let passed = highest + 1; passed < seq; passed += 1) clear(bits, passed % WINDOW);
  set(bits, seq % WINDOW);
  return { epoch, highest: Math.max(highest, seq), bits };
}

function set(bits: Uint8Array, at: number) {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
}

function clear(bits: Uint8Array, at: number) {
  bits[at >> 3] = (bits[at >> 3] ?? 0) & ~(1 << (at & 7));
}
