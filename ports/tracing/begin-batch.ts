import type { StoredRecord } from '../log/log.ts';
import { isSampled, readTraceparent, type TraceHeaders } from './trace.ts';
import type { Span, Tracing } from './tracing.ts';

/** As many as OpenTelemetry keeps of one span. */
const LINKS_MAX = 128;

/**
 * One span for what is done of many records at once: in the trace of the first that is looked at, with links to the
 * others. None where nobody looks at any of them.
 */
export function beginBatch(
  tracing: Tracing,
  { name, topic, partition }: { readonly name: string; readonly topic: string; readonly partition: number },
  records: readonly StoredRecord[],
): Span | null {
  // Several records come of one frame.
  const seen = new Map<string, TraceHeaders>();
  for (const { headers } of records) {
    const place = readTraceparent(headers?.traceparent);
    if (headers && place && isSampled(place)) seen.set(place.spanId, headers);
  }
  const [parent, ...links] = seen.values();
  if (parent === undefined) return null;
  return tracing.begin(name, {
    kind: 'consumer',
    parent,
    links: links.slice(0, LINKS_MAX),
    attributes: {
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.batch.message_count': records.length,
    },
  });
}
