import type { FastifyReply, FastifyRequest } from 'fastify';

/** nginx's status for a caller who hung up before the answer was through. */
const HUNG_UP = 499;

export interface RequestEnd {
  readonly status: number;
  readonly ms: number;
  /** The route's pattern, never the path itself; `null` where no route matched. */
  readonly route: string | null;
}

/**
 * Calls back once, whether the answer was sent or the caller went away first. Fastify's own `onResponse` keeps
 * silent in the second case, and cameras on bad networks go away all the time.
 */
export function onRequestEnd(request: FastifyRequest, reply: FastifyReply, ended: (end: RequestEnd) => void): void {
  const startedMs = performance.now();
  let over = false;
  const end = (status: number) => {
    if (over) return;
    over = true;
    const route = request.is404 ? null : (request.routeOptions.url ?? null);
    ended({ status, ms: performance.now() - startedMs, route });
  };
  reply.raw.once('finish', () => end(reply.raw.statusCode));
  reply.raw.once('close', () => end(reply.raw.writableFinished ? reply.raw.statusCode : HUNG_UP));
}
