import { similarity } from './appearance.ts';
import type { EvenBox } from './whereabouts.ts';

/**
 * Who has left, where, and how they looked: by this somebody who comes back is still the same person. Colours are weak
 * evidence, so it takes a great likeness, and a clear one: nobody else who left may look nearly as much like it. To
 * count one person twice is better than to make one of two. Pure.
 */
export interface Gone {
  readonly personId: string;
  readonly seenAtMs: number;
  readonly box: EvenBox;
  readonly appearance: Uint8Array;
}

export interface RecognitionSettings {
  /** For so long somebody who left can come back as the same person. */
  readonly returnWindowMs: number;
  /** How much alike they have to look, 0 to 1. */
  readonly likenessMin: number;
  /** By how much more than anybody else who has left. */
  readonly likenessMargin: number;
}

export const GONE_MAX = 48;
/** Who came back within the window may be confirmed only later: by the next frame, for as long as frames belong together. */
const CONFIRMED_WITHIN_MS = 120_000;
/** Faster than this, in heights of a person a second, nobody comes from one place to another. */
const SPEED_MAX = 3;

export function recognise(
  gone: readonly Gone[],
  come: Pick<Gone, 'box' | 'appearance'> & { readonly firstSeenAtMs: number },
  settings: RecognitionSettings,
): Gone | null {
  const known = gone
    .filter((one) => couldBe(one, come, settings.returnWindowMs))
    .map((one) => ({ one, likeness: similarity(one.appearance, come.appearance) }))
    // Of equals the one who left last.
    .sort((a, b) => b.likeness - a.likeness || b.one.seenAtMs - a.one.seenAtMs);
  const [best, second] = known;
  if (!best || best.likeness < settings.likenessMin) return null;
  return second && best.likeness - second.likeness < settings.likenessMargin ? null : best.one;
}

/** With those who have just left, and without those who left too long ago. */
export function remember(
  gone: readonly Gone[],
  left: readonly Gone[],
  atMs: number,
  windowMs: number,
): readonly Gone[] {
  const all = [...gone, ...left].filter(({ seenAtMs }) => atMs - seenAtMs <= windowMs + CONFIRMED_WITHIN_MS);
  return all.slice(Math.max(0, all.length - GONE_MAX));
}

function couldBe(
  one: Gone,
  come: { readonly box: EvenBox; readonly firstSeenAtMs: number },
  windowMs: number,
): boolean {
  const ms = come.firstSeenAtMs - one.seenAtMs;
  // Whoever was still there when the other came is another.
  if (ms <= 0 || ms > windowMs) return false;
  const distance = Math.hypot(come.box.x - one.box.x, come.box.y - one.box.y);
  return distance <= Math.max(come.box.height, one.box.height) * (1 + (SPEED_MAX * ms) / 1_000);
}
