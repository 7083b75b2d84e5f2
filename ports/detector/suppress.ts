import type { Candidate } from './layouts/layout.ts';

/** A crowded picture has some dozens. What has more than these is noise, and to compare it all would take seconds. */
const CANDIDATES_MAX = 3_000;
const KEPT_MAX = 300;

/**
 * Of candidates of a class that overlap by more than `overlapMax` (intersection over union), only the surest stays.
 * Surest first; of equals, the one that the model put out first, so that the same picture always gives the same order.
 */
export function suppress(candidates: readonly Candidate[], overlapMax: number): Candidate[] {
  const kept: Candidate[] = [];
  const ordered = candidates.toSorted((a, b) => b.confidence - a.confidence).slice(0, CANDIDATES_MAX);
  for (const candidate of ordered) {
    if (kept.length === KEPT_MAX) break;
    const hidden = kept.some(
      (surer) => surer.classIndex === candidate.classIndex && overlap(surer, candidate) > overlapMax,
    );
    if (!hidden) kept.push(candidate);
  }
  return kept;
}

function overlap(a: Candidate, b: Candidate): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

function area({ left, top, right, bottom }: Candidate): number {
  return (right - left) * (bottom - top);
}
