/** Visits that were found, beside those that a person saw. Pure. */

import { median } from '../bench/median.ts';

export interface FoundVisit {
  readonly openedAtMs: number;
  readonly endedAtMs: number;
  readonly personId: string;
}

export interface TrueVisit {
  readonly openedAtMs: number;
  readonly endedAtMs: number;
  /** In words. */
  readonly person: string;
}

export interface MatchedVisit {
  readonly found: FoundVisit;
  readonly truth: TrueVisit;
  /** What was found less what is true: below 0 is too early, or too short. */
  readonly startErrorMs: number;
  readonly endErrorMs: number;
  readonly dwellErrorMs: number;
}

export interface VisitScore {
  readonly foundCount: number;
  readonly trueCount: number;
  /** In the order of the truth. */
  readonly matched: readonly MatchedVisit[];
  readonly missed: readonly TrueVisit[];
  readonly extra: readonly FoundVisit[];
  /** Of the matched visits, whichever way they err, and of two in the middle the greater; null where none is matched. */
  readonly medianErrorMs: { readonly start: number; readonly end: number; readonly dwell: number } | null;
}

export function scoreVisits({
  found,
  truth,
}: {
  readonly found: readonly FoundVisit[];
  readonly truth: readonly TrueVisit[];
}): VisitScore {
  const pairs = pairUp(found, truth);
  const matched = truth.flatMap((visit) => {
    const pair = pairs.get(visit);
    return pair ? [errorsOf(pair, visit)] : [];
  });
  const used = new Set(pairs.values());
  return {
    foundCount: found.length,
    trueCount: truth.length,
    matched,
    missed: truth.filter((visit) => !pairs.has(visit)),
    extra: found.filter((visit) => !used.has(visit)),
    medianErrorMs:
      matched.length === 0
        ? null
        : {
            start: median(matched.map(({ startErrorMs }) => Math.abs(startErrorMs))),
            end: median(matched.map(({ endErrorMs }) => Math.abs(endErrorMs))),
            dwell: median(matched.map(({ dwellErrorMs }) => Math.abs(dwellErrorMs))),
          },
  };
}

/** One to one, those that overlap best first. */
function pairUp(found: readonly FoundVisit[], truth: readonly TrueVisit[]): ReadonlyMap<TrueVisit, FoundVisit> {
  const candidates = truth
    .flatMap((visit) => found.map((candidate) => ({ visit, candidate, overlap: overlapOf(candidate, visit) })))
    .filter(({ overlap }) => overlap > 0)
    .sort((a, b) => b.overlap - a.overlap);
  const pairs = new Map<TrueVisit, FoundVisit>();
  const used = new Set<FoundVisit>();
  for (const { visit, candidate } of candidates) {
    if (pairs.has(visit) || used.has(candidate)) continue;
    pairs.set(visit, candidate);
    used.add(candidate);
  }
  return pairs;
}

/**
 * The share of the time of either that is of both. By mere length, something that is seen all day would be everybody's
 * best match.
 */
function overlapOf(a: Span, b: Span): number {
  const bothMs = Math.min(a.endedAtMs, b.endedAtMs) - Math.max(a.openedAtMs, b.openedAtMs);
  const eitherMs = Math.max(a.endedAtMs, b.endedAtMs) - Math.min(a.openedAtMs, b.openedAtMs);
  return bothMs <= 0 ? 0 : bothMs / eitherMs;
}

type Span = Pick<FoundVisit, 'openedAtMs' | 'endedAtMs'>;

function errorsOf(found: FoundVisit, truth: TrueVisit): MatchedVisit {
  const startErrorMs = found.openedAtMs - truth.openedAtMs;
  const endErrorMs = found.endedAtMs - truth.endedAtMs;
  return { found, truth, startErrorMs, endErrorMs, dwellErrorMs: endErrorMs - startErrorMs };
}
