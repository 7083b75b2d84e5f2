import type { Logger } from 'pino';
import type { TracingConfig } from './config.ts';
import type { Tracing } from './tracing.ts';

export interface TracingOptions {
  readonly config: TracingConfig;
  /** What it is called in spans, unless OTEL_SERVICE_NAME says otherwise. */
  readonly service: string;
  /** What OpenTelemetry calls that which the log is kept in. */
  readonly messagingSystem: string;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** How long spans are gathered before they are sent, if not as long as OpenTelemetry says. */
  readonly sendEveryMs?: number;
}

export interface OpenedTracing extends Tracing {
  /** Sends what is still here, if that can be done at once. */
  close(): Promise<void>;
}

/** Null where no spans are wanted: then nothing of OpenTelemetry's SDK is even loaded. */
export async function openTracing(options: TracingOptions): Promise<OpenedTracing | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: isDisabled } = options.config;
  if (endpoint === undefined || isDisabled) return null;
  const { createOpenTelemetry } = await import('./opentelemetry.ts');
  return createOpenTelemetry({ ...options, endpoint });
}
