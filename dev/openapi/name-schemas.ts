import { isDeepStrictEqual } from 'node:util';
import type { OpenapiDocument } from './create-document.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What is in these is data, or no schema, whatever its members are called. */
const NOT_SCHEMAS = new Set(['info', 'example', 'examples', 'default', 'const', 'enum']);

/** Schemas with a `title` move to the components under that name, so that a generated client has one type for each. */
export function nameSchemas(document: OpenapiDocument): OpenapiDocument {
  const schemas: Record<string, Json> = {};
  const walk = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([key, value]) => [key, NOT_SCHEMAS.has(key) ? value : walk(value)]);
    const copy: { readonly [key: string]: Json } = Object.fromEntries(entries);
    // In a table of properties `title` would be a schema, and no text.
    if (typeof copy.title !== 'string') return copy;
    const { title, ...schema } = copy;
    if (title in schemas && !isDeepStrictEqual(schemas[title], schema)) {
      throw new Error(`two schemas that differ are both called ${title}`);
    }
    schemas[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  };
  const walked = walk(document as unknown as Json) as unknown as OpenapiDocument;
  const named = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...walked, components: { ...walked.components, schemas: named as Record<string, object> } };
}
