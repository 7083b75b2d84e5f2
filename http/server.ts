import type { IncomingMessage } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { continueTrace, type Trace } from '../ports/trace.ts';
import { trackAllowedMethods } from './allowed-methods.ts';
import { answerClientError } from './client-error.ts';
import { closeGracefully } from './graceful-close.ts';
import { registerMetrics } from './metrics.ts';
import { limitPipelining } from './pipelining.ts';
import { Problem, sendProblem } from './problem.ts';
import { problemOf } from './problem-of.ts';
import { logRequestEnd } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';
import type { Server } from './typed-server.ts';
import { createValidatorCompiler } from './validation.ts';

export type { Server } from './typed-server.ts';

/**
 * A camera on a bad network may need a minute for a picture, and may stall within it; a connection that only pretends
 * is to cost no more than that.
 */
const TIMEOUTS = {
  /** Until the headers are in. */
  headersMs: 20_000,
  /** Until the whole request is in. */
  requestMs: 180_000,
  /** Without a byte in either direction: streams to a caller send something more often than that. */
  silenceMs: 60_000,
  /** Between requests; longer than the 60 s of the usual proxies, so that it is never us who hangs up first. */
  keepAliveMs: 72_000,
  /** For running requests, once the server closes. */
  closeGraceMs: 20_000,
};

/** Enough for any JSON there is; a route that takes pictures or files sets its own. */
const BODY_MAX_BYTES = 64 * 1024;

interface ServerDeps {
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly timeouts?: Partial<typeof TIMEOUTS>;
}

/** An HTTP server without routes but its metrics': the root adds them, and listens. */
export function createServer({ logger, metrics, timeouts = {} }: ServerDeps): Server {
  const { headersMs, requestMs, silenceMs, keepAliveMs, closeGraceMs } = { ...TIMEOUTS, ...timeouts };
  const traces = new WeakMap<IncomingMessage, Trace>();
  const loggerInstance: FastifyBaseLogger = logger;

  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'trace_id' }),
    // The request's id is its trace's, so that every line logged on the way has it.
    genReqId: (raw) => {
      const trace = continueTrace(headerOf(raw, 'traceparent'));
      traces.set(raw, trace);
      return trace.traceId;
    },
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: requestMs,
    connectionTimeout: silenceMs,
    keepAliveTimeout: keepAliveMs,
    http: {
      requestTimeout: requestMs,
      headersTimeout: Math.min(headersMs, requestMs),
      connectionsCheckingInterval: Math.min(5_000, headersMs, requestMs),
    },
    // `closeGracefully` answers instead, with a problem.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    // For URLs that cannot be routed; Fastify runs no hooks for them.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply);
      fail(error, request, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  function begin(request: FastifyRequest, reply: FastifyReply): void {
    request.trace = traces.get(request.raw) ?? continueTrace(undefined);
    request.deviceId = null;
    request.frameId = null;
    request.user = null;
    request.failure = null;
    reply.headers({ ...securityHeaders, traceparent: request.trace.traceparent });
    logRequestEnd(request, reply);
  }

  app.decorateRequest('trace');
  app.decorateRequest('deviceId', null);
  app.decorateRequest('frameId', null);
  app.decorateRequest('user', null);
  app.decorateRequest('failure', null);
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    done();
  });

  limitPipelining(app);
  const allowedMethods = trackAllowedMethods(app);
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler(fail);
  registerMetrics(app, metrics);
  closeGracefully(app, { graceMs: closeGraceMs });
  // Before its handler, Fastify would parse an unknown path's body, and answer a picture with 415 instead of 404.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) done(notFound(allowedMethods(pathOf(request))));
    else done();
  });
  app.setNotFoundHandler(() => {
    throw notFound([]);
  });
  return app;
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request);
  request.failure = { problem, cause: error };
  sendProblem(request, reply, problem);
}

function notFound(allowed: readonly string[]): Problem {
  if (allowed.length === 0) return new Problem({ status: 404, code: 'not-found' });
  return new Problem({ status: 405, code: 'method-not-allowed', headers: { allow: allowed.join(', ') } });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

function headerOf(raw: IncomingMessage, name: string): string | undefined {
  const value = raw.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
