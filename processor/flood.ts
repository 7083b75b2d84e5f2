/**
 * Many dead letters at once are seldom the fault of so many frames: a store was emptied, a model is broken, a proxy
 * answers for the store. A partition then stops, rather than to empty its queue into the bin. But where one device has
 * most of them, it is that one's affair, and no others are to stop for it. Pure: what became of the
 * last records of a partition.
 */
export type Outcomes = readonly Outcome[];

export interface Outcome {
  readonly device: string;
  /** Null for what is no dead letter. */
  readonly code: string | null;
}

const WINDOW = 200;
/** More than so many of them, and so never fewer than a hundred. */
const DEAD_MAX = WINDOW / 2;

export const noOutcomes: Outcomes = [];

/** How it would be after these; also whether there were too many dead letters at any time on the way. */
export function withOutcomes(
  before: Outcomes,
  next: Outcomes,
  /** Whether the partition has no other device. */
  { isAlone = false }: { readonly isAlone?: boolean } = {},
): { readonly outcomes: Outcomes; readonly isFlood: boolean } {
  const all = [...before, ...next];
  const isDead = (at: number) => (all[at]?.code ?? null) !== null;
  let dead = before.filter(({ code }) => code !== null).length;
  let isFlood = false;
  for (let at = before.length; at < all.length; at += 1) {
    if (isDead(at)) dead += 1;
    if (at >= WINDOW && isDead(at - WINDOW)) dead -= 1;
    isFlood ||= dead > DEAD_MAX && (isAlone || mostOfOne(all.slice(Math.max(0, at + 1 - WINDOW), at + 1)) <= dead / 2);
  }
  return { outcomes: all.slice(-WINDOW), isFlood };
}

/** How many dead letters the device has that has the most. */
function mostOfOne(window: Outcomes): number {
  const deadOf = new Map<string, number>();
  for (const { device, code } of window) deadOf.set(device, (deadOf.get(device) ?? 0) + Number(code !== null));
  return Math.max(...deadOf.values());
}

/** By the codes of the batch's dead letters, of which the commonest says best what to mend. */
export function floodWords(codes: readonly string[]): string {
  return (
    `more than ${DEAD_MAX} of the last ${WINDOW} frames would be dead letters, now mostly ${commonestOf(codes)}: the ` +
    'partition waits, and goes on by itself once they can be analysed; if they never can be, PROCESSOR_FLOOD=pass lets ' +
    'them through'
  );
}

/** Of several as common, the one that came first. */
function commonestOf(codes: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const [commonest] = [...counts].toSorted(([, one], [, other]) => other - one);
  return commonest?.[0];
}
