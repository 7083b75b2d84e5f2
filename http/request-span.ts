import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Span, Tracing } from '../ports/tracing/tracing.ts';
import { onRequestEnd } from './request-end.ts';

/** What is asked every few seconds, by those who only want to know whether it answers. */
const UNTRACED = new Set(['/livez', '/readyz', '/metrics']);

/** Goes on with the caller's trace, if it tells of one. Null for what nobody wants to look at. */
export function beginRequestSpan(tracing: Tracing, raw: IncomingMessage): Span | null {
  const { method = 'GET', url = '/', headers } = raw;
  if (UNTRACED.has(url)) return null;
  const { traceparent, tracestate } = headers;
  const parent = {
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  };
  return tracing.begin(method, { kind: 'server', parent, attributes: { 'http.request.method': method } });
}

/** A fixed few fields, as in the log: no header, path, query or body gets into it, since these may let somebody in. */
export function endRequestSpan(span: Span, request: FastifyRequest, reply: FastifyReply): void {
  onRequestEnd(request, reply, ({ status, route }) => {
    if (route !== null) span.rename(`${request.method} ${route}`);
    const { failure, deviceId, frameId } = request;
    span.note({
      'http.route': route,
      'http.response.status_code': status,
      'url.scheme': request.protocol,
      'passerby.device_id': deviceId,
      'passerby.frame_id': frameId,
      'passerby.problem': failure?.problem.code ?? null,
    });
    span.end(status >= 500 ? (failure?.cause ?? new Error(`answered ${status}`)) : undefined);
  });
}
