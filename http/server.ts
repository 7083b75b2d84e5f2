import type { IncomingMessage } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { continueTrace, type Trace } from '../ports/tracing/trace.ts';
import type { Span, Tracing } from '../ports/tracing/tracing.ts';
import { refusePlainHttp, withoutInvitation } from './access/plain-http.ts';
import { trackAllowedMethods } from './allowed-methods.ts';
import { answerClientError } from './client-error.ts';
import { closeGracefully } from './graceful-close.ts';
import { registerMetrics } from './metrics.ts';
import { limitPipelining } from './pipelining.ts';
import { Problem, sendProblem } from './problem.ts';
import { problemOf } from './problem-of.ts';
import { logRequestEnd } from './request-log.ts';
import { beginRequestSpan, endRequestSpan } from './request-span.ts';
import { securityHeaders } from './security-headers.ts';
import { logHandshakes } from './tls/handshakes.ts';
import { type KeyPair, secureOptions } from './tls/key-pair.ts';
import type { Server } from './typed-server.ts';
import { createValidatorCompiler } from './validation.ts';

export type { Server } from './typed-server.ts';

/**
 * A camera on a bad network may need a minute for a picture, and may stall within it; a connection that only pretends
 * is to cost no more than that.
 */
const TIMEOUTS = {
  /** Until a TLS handshake is done, and until the headers are in. */
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
  /** Makes a span of each request. */
  readonly tracing?: Tracing | null;
  readonly timeouts?: Partial<typeof TIMEOUTS>;
  /** Speaks HTTPS with it; without one, plain HTTP. */
  readonly tls?: KeyPair | null;
  /** Whether what lets somebody in may come over plain HTTP from other hosts. */
  readonly allowPlainHttp?: boolean;
  /** Addresses and networks of proxies that are believed about whom they speak for. */
  readonly trustProxy?: readonly string[];
}

/** An HTTP server without routes but its metrics': the root adds them, and listens. */
export function createServer({
  logger,
  metrics,
  tracing = null,
  timeouts = {},
  tls = null,
  allowPlainHttp = false,
  trustProxy = [],
}: ServerDeps): Server {
  const { headersMs, requestMs, silenceMs, keepAliveMs, closeGraceMs } = { ...TIMEOUTS, ...timeouts };
  const traces = new WeakMap<IncomingMessage, Trace>();
  const spans = new WeakMap<IncomingMessage, Span>();
  const loggerInstance: FastifyBaseLogger = logger;

  const limits = {
    requestTimeout: requestMs,
    headersTimeout: Math.min(headersMs, requestMs),
    connectionsCheckingInterval: Math.min(5_000, headersMs, requestMs),
  };

  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'trace_id' }),
    // The request's id is its trace's, so that every line logged on the way has it.
    genReqId: (raw) => {
      const span = tracing && beginRequestSpan(tracing, raw);
      if (span) spans.set(raw, span);
      const trace = span?.trace ?? continueTrace(headerOf(raw, 'traceparent'));
      traces.set(raw, trace);
      return trace.traceId;
    },
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: requestMs,
    connectionTimeout: silenceMs,
    keepAliveTimeout: keepAliveMs,
    ...protocolOf(tls, limits),
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
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
    request.proof = null;
    request.device = null;
    request.signedBody = null;
    request.failure = null;
    reply.headers({ ...securityHeaders, traceparent: request.trace.traceparent });
    logRequestEnd(request, reply);
    const span = spans.get(request.raw);
    if (span) endRequestSpan(span, request, reply);
  }

  function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const told = problemOf(error, request);
    const problem = allowPlainHttp ? told : withoutInvitation(told, request);
    request.failure = { problem, cause: error };
    sendProblem(request, reply, problem);
  }

  app.decorateRequest('trace');
  app.decorateRequest('deviceId', null);
  app.decorateRequest('frameId', null);
  app.decorateRequest('user', null);
  app.decorateRequest('proof', null);
  app.decorateRequest('device', null);
  app.decorateRequest('signedBody', null);
  app.decorateRequest('failure', null);
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    done();
  });

  limitPipelining(app);
  const allowedMethods = trackAllowedMethods(app);
  app.setValidatorCompiler(createValidatorCompiler());
  // A route's `schema.response` tells what it answers, and does not change it: Fastify's own serialiser would drop the
  // members it does not name, and bend values to its types. Tests hold the two together (answers-under-test.ts).
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.setErrorHandler(fail);
  registerMetrics(app, metrics);
  closeGracefully(app, { graceMs: closeGraceMs });
  if (tls) logHandshakes(app);
  if (!allowPlainHttp) {
    app.addHook('onRequest', (request, _reply, done) => {
      refusePlainHttp(request);
      done();
    });
  }
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

/** Fastify's types know two kinds of servers here; above the socket they are one. */
function protocolOf(
  tls: KeyPair | null,
  limits: { readonly headersTimeout: number },
): Pick<FastifyHttpOptions<RawServerDefault>, 'http'> {
  if (!tls) return { http: limits };
  return { https: { ...limits, ...secureOptions(tls), handshakeTimeout: limits.headersTimeout } } as object;
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
