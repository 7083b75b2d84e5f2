import type { Trace, TraceHeaders } from './trace.ts';

/**
 * Spans: what was done for a request or a record, when, and because of what. Shells make them; steps know of none
 * (promise 7). Where nobody collects them there is no `Tracing` but null, and nothing is made for them.
 *
 * What an adapter promises:
 *
 *  1. Nothing of it throws, and nothing waits for it: while whoever collects is away, spans are lost and work is not.
 *  2. What is begun with a parent is of that one's trace. Without one, or with one that is malformed, a trace begins.
 *  3. Of a trace that is not looked at nothing is kept, and it is handed on as such.
 */
export interface Tracing {
  begin(name: string, options?: SpanOptions): Span;
}

export interface SpanOptions {
  /** `internal`, unless it is an end of something between processes. */
  readonly kind?: 'internal' | 'server' | 'producer' | 'consumer';
  /** A `Trace` of here, or headers that came from elsewhere. */
  readonly parent?: TraceHeaders | undefined;
  /** What else has led to it. */
  readonly links?: readonly TraceHeaders[];
  readonly attributes?: Attributes;
  /** When it began, as `performance.now()` said, if that was before. */
  readonly beganMs?: number;
}

/** What is null is left out. Never a picture, a person, a token, or text that somebody has sent. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

export interface Span {
  /** What comes of it goes on from here. */
  readonly trace: Trace;
  rename(name: string): void;
  note(attributes: Attributes): void;
  /** Once; with an error, it has failed. */
  end(error?: unknown): void;
}

/** Does the work within a span; where there is no tracing, the work and nothing else. */
export function within<Result>(
  tracing: Tracing | null,
  name: string,
  parent: TraceHeaders | undefined,
  work: (span: Span | null) => Promise<Result>,
): Promise<Result> {
  return during(tracing === null ? null : tracing.begin(name, { parent }), work);
}

/** Does the work within a span that has begun, if one has, and ends it. */
export async function during<Result>(span: Span | null, work: (span: Span | null) => Promise<Result>): Promise<Result> {
  try {
    const result = await work(span);
    span?.end();
    return result;
  } catch (error) {
    span?.end(error);
    throw error;
  }
}
