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
  const { requestBody, querystring, body, ...said } = schema;
  const form = requestBody && { content: mapValues(requestBody, (content) => ({ schema: content })) };
  return {
    url,
    schema: {
      operationId: operationIdOf([route.method].flat()[0] ?? 'GET', url),
      ...said,
      ...(querystring === undefined ? {} : { querystring: withoutDefaultsRequired(querystring) }),
      ...(body === undefined ? {} : { body: withoutDefaultsRequired(body) }),
      ...(form ? { body: form } : {}),
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

/**
 * What has a default is always there for a handler, which is what TypeBox says; a caller may leave it out, also from what
 * lies deeper.
 */
function withoutDefaultsRequired(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaultsRequired);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { required, properties } = schema as { readonly required?: unknown; readonly properties?: object };
  const walked = mapValues(schema as Readonly<Record<string, unknown>>, withoutDefaultsRequired);
  if (!Array.isArray(required) || !properties) return walked;
  const optional = new Set(Object.entries(properties).flatMap(([name, value]) => ('default' in value ? [name] : [])));
  return { ...walked, required: required.filter((name) => !optional.has(name)) };
}

function mapValues<Value, Mapped>(record: Readonly<Record<string, Value>>, change: (value: Value) => Mapped) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
