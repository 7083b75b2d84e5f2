import { pino, stdSerializers } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Static, TObject } from 'typebox';
import { Outage, Unusable } from '../ports/errors.ts';
import { type Parts, runProcess } from '../ports/process.ts';
import { openTracing } from '../ports/tracing/open-tracing.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import { RegistryUnusable } from '../schemas/registry-client.ts';
import { registerBuildInfo } from './build-info.ts';
import { registerHealth } from './health.ts';
import { readConfig } from './read-config.ts';
import { createServer } from './server.ts';
import type { serviceConfig } from './service-config.ts';
import { listen, readTransport } from './transport.ts';
import type { Server } from './typed-server.ts';

type ServiceSchema = TObject<ReturnType<typeof serviceConfig>>;

export interface Service<Schema extends TObject> {
  readonly parts: Parts;
  readonly config: Static<Schema>;
  readonly logger: pino.Logger;
  readonly metrics: Registry;
  readonly tracing: Tracing | null;
}

export interface Serving {
  /** What must answer for the service to be of use. */
  readonly ready: Readonly<Record<string, () => Promise<void>>>;
  routes?(app: Server): Promise<void>;
}

/** Less than a container is given before it is killed. */
const STOP_WITHIN_MS = 35_000;
const REQUESTS_GRACE_MS = 10_000;
/** What all services talk through in the production profile, as OpenTelemetry calls it. */
const MESSAGING_SYSTEM = 'kafka';

/**
 * What the `main.ts` of every service has in common: settings, logs, metrics, health, signals. `start` chooses the
 * adapters and puts the service together; only when all of it runs is it listened for.
 */
export async function runService<Schema extends ServiceSchema>(
  { name, schema }: { readonly name: string; readonly schema: Schema },
  start: (service: Service<Schema>) => Promise<Serving>,
): Promise<void> {
  const logger = pino(
    { level: 'info', base: { service: name }, serializers: { error: describeError } },
    pino.destination(2),
  );
  await runProcess({ logger, stopWithinMs: STOP_WITHIN_MS, explain }, async (parts) => {
    const config = readConfig<Schema>(schema, process.env);
    const { HOST: host, PORT: port, LOG_LEVEL: level } = config as Static<ServiceSchema>;
    logger.level = level;
    const transport = await readTransport(config as Static<ServiceSchema>);
    const tracing = await openTracing({
      config: config as Static<ServiceSchema>,
      service: `passerby-${name}`,
      messagingSystem: MESSAGING_SYSTEM,
      logger,
    });
    if (tracing) parts.started('tracing', () => tracing.close());
    const metrics = new Registry();
    collectDefaultMetrics({ register: metrics });
    registerBuildInfo(metrics);
    const { ready, routes } = await start({ parts, config, logger, metrics, tracing });
    const app = createServer({ logger, metrics, tracing, ...transport, timeouts: { closeGraceMs: REQUESTS_GRACE_MS } });
    registerHealth(app, { ready, metrics });
    await routes?.(app);
    // Without routes of its own it has health and metrics, which ask nobody for anything.
    const takesCredentials = routes !== undefined;
    const url = await listen(app, { transport, port, logger, parts, takesCredentials }).catch(
      (error: NodeJS.ErrnoException) => {
        const advice = error.code === 'EADDRINUSE' ? `. Give it a port of its own: PORT=${port + 10}` : '';
        throw new Unusable(`HOST=${host} PORT=${port} cannot be listened on: ${error.message}${advice}`);
      },
    );
    logger.info({ url }, 'up');
  });
}

/** Where an outage came up in the program says nothing that its message does not. */
function describeError(error: Error): object {
  return error instanceof Outage ? { type: error.name, message: error.message } : stdSerializers.err(error);
}

function explain(error: unknown): string {
  if (error instanceof Outage) {
    const advice = 'Is it running, and does KAFKA_BROKERS, DATABASE_URL or S3_ENDPOINT say where?';
    return `${error.message}\nThe start has waited for it, for about a minute. ${advice}`;
  }
  if ([Unusable, RegistryUnusable].some((kind) => error instanceof kind)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
