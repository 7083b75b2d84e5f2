import type { CollectedSpan } from '../../ports/tracing/collector-under-test.ts';

/**
 * A trace as text: each span below the one that it came of, with its kind and where it is from; those of one parent by
 * their names. What is below a span that is not there stands first.
 */
export function describeTrace(spans: readonly CollectedSpan[]): readonly string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === null || !ids.has(parentSpanId));
  const lines = (those: readonly CollectedSpan[], depth: number): string[] =>
    those
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((span) => {
        const outcome = span.attributes['passerby.outcome'];
        const failed = span.failure === null ? '' : ` failed: ${span.failure}`;
        const told = `${span.name} (${span.kind})${outcome === undefined ? '' : ` ${outcome}`}${failed}`;
        const below = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId);
        return [`${'  '.repeat(depth)}${told}`, ...lines(below, depth + 1)];
      });
  return lines(roots, 0);
}
