import type { FastifySchema, RouteOptions } from 'fastify';

/** What a route's schema says, in the words of `@fastify/swagger`. A route without a summary is not part of the API. */
export function describeRoute({
  schema,
  url,
  route,
}: {
  readonly schema: FastifySchema | undefined;
  readonly url: string;
  readonly route: RouteOptions;
}): { schema: FastifySchema; url: string } {
  if (!schema?.summary) return { url, schema: { hide: true } };
  const { requestBody, querystring, ...said } = schema;
  const body = requestBody && { content: mapValues(requestBody, (content) => ({ schema: content })) };
  return {
    url,
    schema: {
      operationId: operationIdOf([route.method].flat()[0] ?? 'GET', url),
      ...said,
      ...(querystring === undefined ? {} : { querystring: withoutDefaultsRequired(querystring) }),
      ...(body ? { body } : {}),
    },
  };
}

/** `GET /api/captures/:frame_id/image` is getCapturesByFrameIdImage. */
function operationIdOf(method: string, url: string): string {
  const words = url
    .replace(/^\/api\//, '/')
    .split('/')
    .filter(Boolean)
    .flatMap((step) => (step.startsWith(':') ? ['by', ...step.slice(1).split(/\W|_/)] : step.split(/\W|_/)));
  return [method.toLowerCase(), ...words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))].join('');
}

/** What has a default is always there for a handler, which is what TypeBox says; a caller may leave it out. */
function withoutDefaultsRequired(schema: unknown): unknown {
  const { required = [], properties = {} } = schema as {
    readonly required?: readonly string[];
    readonly properties?: Readonly<Record<string, object>>;
  };
  return { ...(schema as object), required: required.filter((name) => !('default' in (properties[name] ?? {}))) };
}

function mapValues<Value, Mapped>(record: Readonly<Record<string, Value>>, change: (value: Value) => Mapped) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
