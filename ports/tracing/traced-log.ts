import type { Log } from '../log/log.ts';
import { headersOf } from './trace.ts';
import type { Tracing } from './tracing.ts';

/**
 * The log with a span for each record of a trace that is appended to it, from which its readers go on. Without tracing it
 * is the log itself.
 */
export function tracedLog<Kept extends Log>(log: Kept, tracing: Tracing | null): Kept {
  if (tracing === null) return log;
  return {
    ...log,
    async append(topic, records) {
      const sent = records.map((record) => {
        if (record.headers?.traceparent === undefined) return { record, span: null };
        const span = tracing.begin(`send ${topic}`, {
          kind: 'producer',
          parent: record.headers,
          attributes: {
            'messaging.operation.name': 'send',
            'messaging.operation.type': 'send',
            'messaging.destination.name': topic,
          },
        });
        return { record: { ...record, headers: { ...record.headers, ...headersOf(span.trace) } }, span };
      });
      const end = (error?: unknown) => {
        for (const { span } of sent) span?.end(error);
      };
      try {
        await log.append(
          topic,
          sent.map(({ record }) => record),
        );
        end();
      } catch (error) {
        end(error);
        throw error;
      }
    },
  };
}
