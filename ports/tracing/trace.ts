import { randomUUID } from 'node:crypto';

/** W3C trace context: carried from a device's request through record headers to the event's row. */
export interface Trace {
  readonly traceId: string;
  /** The value to hand on: this trace, with a span of our own. */
  readonly traceparent: string;
  /** What other systems have asked to be handed on beside it; only where spans are made. */
  readonly tracestate?: string;
}

/** Headers of a request or a record, as far as they say of a trace. Whoever sends them may have written anything. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What a well-formed `traceparent` says. */
export interface TracePlace {
  readonly traceId: string;
  readonly spanId: string;
  /** Two digits. */
  readonly flags: string;
}

/** Versions after the first may have more to say, behind another dash. */
const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const SAMPLED = 1;

/** Null for whatever is not to be believed. */
export function readTraceparent(text: string | undefined): TracePlace | null {
  const [, version, traceId, spanId, flags, rest] = FORM.exec(text ?? '') ?? [];
  if (!traceId || !spanId || !flags || version === 'ff' || (version === '00' && rest !== undefined)) return null;
  return traceId === NO_TRACE || spanId === NO_SPAN ? null : { traceId, spanId, flags };
}

/** Goes on with the caller's trace where the header is well formed, else begins a new one. */
export function continueTrace(traceparent: string | undefined): Trace {
  const place = readTraceparent(traceparent);
  return place ? withSpan(place.traceId, place.flags) : withSpan(randomHex(), '00');
}

/** The trace's id in a record's header, if it has a well-formed one. */
export function traceIdOf(traceparent: string | undefined): string | null {
  return readTraceparent(traceparent)?.traceId ?? null;
}

/** Whether somebody before has decided that this trace is looked at. */
export function isSampled({ flags }: Pick<TracePlace, 'flags'>): boolean {
  return (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
}

/** What is written into the headers of a record, so that whoever reads it goes on with the trace. */
export function headersOf({ traceparent, tracestate }: Trace): Readonly<Record<string, string>> {
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

function withSpan(traceId: string, flags: string): Trace {
  return { traceId, traceparent: `00-${traceId}-${randomHex().slice(-16)}-${flags}` };
}

/** 32 digits. UUIDs are made of chance that is drawn ahead, at a fifth of what bytes drawn one by one cost. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
