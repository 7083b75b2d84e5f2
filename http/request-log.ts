import type { FastifyReply, FastifyRequest } from 'fastify';
import { onRequestEnd } from './request-end.ts';

/**
 * One line for each request, at its end: what succeeded at debug, the caller's faults at info, an outage at warn, our
 * own failures at error. It is made of a fixed few fields, so that no header, query, token or body can get into it.
 */
export function logRequestEnd(request: FastifyRequest, reply: FastifyReply): void {
  onRequestEnd(request, reply, ({ status, ms, route }) => {
    const { failure } = request;
    // The trace's id is on the request's logger already.
    const line = {
      method: request.method,
      route,
      status,
      ms: Math.round(ms * 10) / 10,
      ...(request.deviceId === null ? {} : { device: request.deviceId }),
      ...(request.frameId === null ? {} : { frame: request.frameId }),
      ...(failure === null ? {} : { code: failure.problem.code }),
    };
    if (status < 400) request.log.debug(line, 'request');
    else if (status < 500) request.log.info(line, 'request');
    else if (status === 503) request.log.warn({ ...line, reason: reasonOf(failure?.cause) }, 'request');
    else request.log.error({ ...line, error: describeError(failure?.cause) }, 'request');
  });
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}

/**
 * Drivers hang whole requests and rows on their errors, so only named members are logged; and not as `err`, a name
 * for which pino has rules of its own.
 */
function describeError(error: unknown): object | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const stacks: string[] = [];
  for (let at: unknown = error; at instanceof Error && stacks.length < 5; at = at.cause) {
    stacks.push(at.stack ?? `${at.name}: ${at.message}`);
  }
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: String(error.code) } : {}),
    stack: stacks.join('\ncaused by: '),
  };
}
