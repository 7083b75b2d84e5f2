import { Gauge, Histogram, type Registry } from 'prom-client';
import { onRequestEnd } from './request-end.ts';
import type { Server } from './typed-server.ts';

const DURATION = 'passerby_http_request_duration_seconds';
const IN_FLIGHT = 'passerby_http_requests_in_flight';

/** `GET /metrics`, and how long requests take by route. The process's own metrics are the root's to register. */
export function registerMetrics(app: Server, registry: Registry): void {
  const { duration, inFlight } = httpMetrics(registry);

  app.addHook('onRequest', (request, reply, done) => {
    inFlight.inc();
    onRequestEnd(request, reply, ({ status, ms, route }) => {
      inFlight.dec();
      if (request.routeOptions.config?.isStream && reply.statusCode < 400) return;
      // Paths that scanners make up share one label, or they would be a series each.
      duration.observe({ route: route ?? 'unknown', method: request.method, status: String(status) }, ms / 1_000);
    });
    done();
  });

  app.get('/metrics', async (_request, reply) => {
    const text = await registry.metrics();
    return reply.type(registry.contentType).header('cache-control', 'no-store').send(text);
  });
}

/** Several servers in one process share a registry, and a name can be registered in it only once. */
function httpMetrics(registry: Registry) {
  const duration = registry.getSingleMetric(DURATION);
  const inFlight = registry.getSingleMetric(IN_FLIGHT);
  return {
    duration:
      duration instanceof Histogram
        ? duration
        : new Histogram({
            name: DURATION,
            help: 'Time from the request to the end of its answer.',
            labelNames: ['route', 'method', 'status'],
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
            registers: [registry],
          }),
    inFlight:
      inFlight instanceof Gauge
        ? inFlight
        : new Gauge({ name: IN_FLIGHT, help: 'Requests being answered now.', registers: [registry] }),
  };
}
