import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace as traces,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { Outage } from '../errors.ts';
import { inTime } from '../in-time.ts';
import type { TracingConfig } from './config.ts';
import type { OpenedTracing, TracingOptions } from './open-tracing.ts';
import { isSampled, readTraceparent, type Trace, type TraceHeaders } from './trace.ts';
import type { Attributes, Span, Tracing } from './tracing.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;
/** Whoever stops a service is not to wait for a collector that is away. */
const CLOSE_WITHIN_MS = 2_000;
const REASON_CHARS_MAX = 200;

interface Options extends TracingOptions {
  readonly endpoint: string;
}

/** Spans as OpenTelemetry's SDK makes them, sent in batches; the SDK keeps 2,048 at most that could not yet be sent. */
export function createOpenTelemetry(options: Options): OpenedTracing {
  const { config, endpoint, service, messagingSystem, logger, sendEveryMs } = options;
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }).merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(config),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: telling(exporter, logger),
        ...(sendEveryMs !== undefined && { scheduledDelayMillis: sendEveryMs }),
      }),
    ],
  });
  const tracer = provider.getTracer('passerby');
  /** Spans that have not ended yet: what is below one of them did not come from elsewhere. */
  const open = new Map<string, SpanContext>();
  const placeOf = (headers: TraceHeaders) => {
    const place = readPlace(headers);
    return (place && open.get(place.spanId)) ?? place;
  };
  const contextOf = (parent: TraceHeaders | undefined): Context => {
    const place = parent && placeOf(parent);
    return place ? traces.setSpanContext(ROOT_CONTEXT, place) : ROOT_CONTEXT;
  };

  const begin: Tracing['begin'] = (name, { kind = 'internal', parent, links = [], attributes = {}, beganMs } = {}) => {
    const isMessaging = kind === 'producer' || kind === 'consumer';
    const span = tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        attributes: known({ ...attributes, 'messaging.system': isMessaging ? messagingSystem : null }),
        links: links.flatMap((link) => {
          const context = placeOf(link);
          return context ? [{ context }] : [];
        }),
        ...(beganMs !== undefined && { startTime: beganMs }),
      },
      contextOf(parent),
    );
    const place = span.spanContext();
    open.set(place.spanId, place);
    return {
      trace: asTrace(place),
      rename: (better) => void span.updateName(better),
      note: (more) => void span.setAttributes(known(more)),
      end(error) {
        open.delete(place.spanId);
        if (error !== undefined) {
          span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
          // What others say when they fail may quote what somebody has sent.
          const isOurs = error instanceof Outage;
          span.setStatus({ code: SpanStatusCode.ERROR, ...(isOurs && { message: reasonOf(error) }) });
        }
        span.end(beganMs === undefined ? undefined : performance.now());
      },
    } satisfies Span;
  };

  return {
    begin,
    async close() {
      // What cannot be sent was told by the exporter.
      await inTime(
        provider.shutdown().catch(() => undefined),
        CLOSE_WITHIN_MS,
      );
    },
  };
}

function readPlace({ traceparent, tracestate }: TraceHeaders): SpanContext | null {
  const place = readTraceparent(traceparent);
  if (!place) return null;
  return {
    traceId: place.traceId,
    spanId: place.spanId,
    traceFlags: isSampled(place) ? 1 : 0,
    isRemote: true,
    ...(tracestate && { traceState: createTraceState(tracestate) }),
  };
}

function asTrace({ traceId, spanId, traceFlags, traceState }: SpanContext): Trace {
  const tracestate = traceState?.serialize();
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  return { traceId, traceparent, ...(tracestate && { tracestate }) };
}

function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: TracingConfig): Sampler {
  const own = name.replace('parentbased_', '');
  const root =
    own === 'always_off'
      ? new AlwaysOffSampler()
      : own === 'always_on'
        ? new AlwaysOnSampler()
        : new TraceIdRatioBasedSampler(share);
  return own === name ? root : new ParentBasedSampler({ root });
}

function known(attributes: Attributes): Record<string, string | number | boolean> {
  const given: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== null) given[name] = value;
  return given;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARS_MAX);
}

/** Says so when spans begin to be lost, and when they get through again: once, and not with every batch. */
function telling(exporter: SpanExporter, logger: TracingOptions['logger']): SpanExporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined || result.code !== 0;
        if (failed && !isFailing)
          logger.warn({ reason: reasonOf(result.error) }, 'spans are lost: they cannot be sent');
        if (!failed && isFailing) logger.info('spans are sent again');
        isFailing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
