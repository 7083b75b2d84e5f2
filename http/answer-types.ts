import { type Static, type TSchema, Type } from 'typebox';

/** The types of answers that a route's schema names, as its handler gives them and as its callers get them. */

declare module 'fastify' {
  interface FastifySchema {
    /**
     * A body that the route reads by itself, by media type. It is only told of: what stands in `body` is parsed and
     * validated before the route sees it, and a stream cannot be.
     */
    requestBody?: Readonly<Record<string, TSchema>>;
  }
}

/** A Date, which JSON makes text of. */
export function time(description: string) {
  return Type.Unsafe<Date>({ type: 'string', format: 'date-time', description });
}

export function nullable<Schema extends TSchema>(schema: Schema) {
  const plain = 'type' in schema && !('enum' in schema) && !('title' in schema);
  const either = plain ? { ...schema, type: [schema.type, 'null'] } : { anyOf: [schema, { type: 'null' }] };
  return Type.Unsafe<Static<Schema> | null>(either);
}

/** One of these words; a union of literals says the same in a way that is harder to read. */
export function oneOf<const Words extends readonly string[]>(words: Words, description?: string) {
  const told = description === undefined ? {} : { description };
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...told });
}

/** An answer without a body. */
export function nothing(description: string) {
  return Type.Unsafe<unknown>({ type: 'null', description });
}

/** An answer of bytes. */
export function bytes<const MediaType extends string>(mediaType: MediaType, description: string) {
  const schema = Type.Unsafe<Buffer>({ type: 'string', format: 'binary' });
  return { description, content: { [mediaType]: { schema } } as Record<MediaType, { schema: typeof schema }> };
}
