import { randomUUID } from 'node:crypto';

/** W3C trace context: carried from a device's request through record headers to the event's row. */
export interface Trace {
  readonly traceId: string;
  /** The value to hand on: this trace, with a span of our own. */
  readonly traceparent: string;
}

const FORM = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Goes on with the caller's trace where the header is well formed, else begins a new one. */
export function continueTrace(traceparent: string | undefined): Trace {
  const [, traceId, spanId, flags] = FORM.exec(traceparent ?? '') ?? [];
  if (!traceId || traceId === NO_TRACE || spanId === NO_SPAN || traceparent?.startsWith('ff')) {
    return withSpan(randomHex(), '00');
  }
  return withSpan(traceId, flags ?? '00');
}

/** The trace's id in a record's header, if it has a well-formed one. */
export function traceIdOf(traceparent: string | undefined): string | null {
  return FORM.exec(traceparent ?? '')?.[1] ?? null;
}

function withSpan(traceId: string, flags: string): Trace {
  return { traceId, traceparent: `00-${traceId}-${randomHex().slice(-16)}-${flags}` };
}

/** 32 digits. UUIDs are made of chance that is drawn ahead, at a fifth of what bytes drawn one by one cost. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
