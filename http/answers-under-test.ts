import type { ValidateFunction } from 'ajv';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemSchema } from './problem-schema.ts';
import type { Server } from './typed-server.ts';
import { createAjv, placeFaults } from './validation.ts';

interface Documented {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

/**
 * Compares each answer of the routes added after it with what their `schema.response` says. What does not agree is
 * told when the server closes, since a hook that throws would only make another answer of it.
 */
export function checkAnswers(app: Server): void {
  const ajv = createAjv({ useDefaults: false, allErrors: false });
  const compiled = new WeakMap<object, ValidateFunction>();
  const faults = new Map<string, string>();

  app.addHook('onSend', async (request, reply, payload) => {
    const fault = faultOf(request, reply, payload);
    if (fault) faults.set(`${request.method} ${request.routeOptions.url} ${reply.statusCode}`, fault);
  });
  app.addHook('onClose', async () => {
    const told = [...faults].map(([answer, fault]) => `${answer}: ${fault}`);
    if (told.length > 0) throw new Error(`answers that are not as documented:\n${told.join('\n')}`);
  });

  function faultOf(request: FastifyRequest, reply: FastifyReply, payload: unknown): string | null {
    const responses = request.routeOptions.schema?.response as Readonly<Record<string, Documented>> | undefined;
    if (!responses || request.method === 'HEAD') return null;
    const mediaType = String(reply.getHeader('content-type') ?? '').replace(/;.*/, '');
    const documented = responses[reply.statusCode];
    if (!documented) {
      if (mediaType !== 'application/problem+json') return 'neither documented nor a problem';
      return misfit(problemSchema, payload);
    }
    if ('type' in documented && documented.type === 'null') return payload ? 'has a body' : null;
    const schema = documented.content ? documented.content[mediaType]?.schema : documented;
    if (!schema || (!documented.content && mediaType !== 'application/json')) return `is ${mediaType}`;
    return mediaType.endsWith('json') ? misfit(schema, payload) : null;
  }

  function misfit(schema: object, payload: unknown): string | null {
    const fits = compiled.get(schema) ?? ajv.compile(closed(schema));
    compiled.set(schema, fits);
    if (fits(JSON.parse(String(payload)))) return null;
    return placeFaults(fits.errors ?? [])
      .map(({ path, detail }) => `${path.join('/')} ${detail}`)
      .join(', ');
  }
}

/** An object may have what it names and nothing else, unless it says more: what is not documented shows. */
function closed<Node>(node: Node): Node {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(closed) as Node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const open = typeof copy.properties === 'object' && copy.type === 'object' && !('additionalProperties' in copy);
  return (open ? { ...copy, additionalProperties: false } : copy) as Node;
}
