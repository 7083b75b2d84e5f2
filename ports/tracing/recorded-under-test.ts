import { randomBytes } from 'node:crypto';
import { isSampled, readTraceparent, type Trace, type TraceHeaders } from './trace.ts';
import type { SpanOptions, Tracing } from './tracing.ts';

/** A span that was begun, and what was said of it. */
export interface RecordedSpan {
  name: string;
  readonly kind: NonNullable<SpanOptions['kind']>;
  readonly trace: Trace;
  readonly parentSpanId: string | null;
  /** Of the span itself. */
  readonly spanId: string;
  readonly links: readonly TraceHeaders[];
  readonly attributes: Record<string, unknown>;
  /** How often it was ended. */
  ends: number;
  error: unknown;
}

export interface RecordedTracing extends Tracing {
  readonly spans: readonly RecordedSpan[];
}

/** Spans in memory, in the order in which they were begun, and without anything of OpenTelemetry. */
export function createRecordedTracing(): RecordedTracing {
  const spans: RecordedSpan[] = [];
  return {
    spans,
    begin(name, { kind = 'internal', parent, links = [], attributes = {} } = {}) {
      const place = readTraceparent(parent?.traceparent);
      const [traceId, spanId] = [place?.traceId ?? randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
      const flags = place === null || isSampled(place) ? '01' : '00';
      const span: RecordedSpan = {
        name,
        kind,
        trace: { traceId, traceparent: `00-${traceId}-${spanId}-${flags}` },
        parentSpanId: place?.spanId ?? null,
        spanId,
        links,
        attributes: { ...attributes },
        ends: 0,
        error: undefined,
      };
      spans.push(span);
      return {
        trace: span.trace,
        rename(better) {
          span.name = better;
        },
        note: (more) => void Object.assign(span.attributes, more),
        end(error) {
          span.ends += 1;
          span.error = error;
        },
      };
    },
  };
}
