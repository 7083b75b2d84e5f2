import type { AvroRecord } from './avro.ts';

/**
 * What a schema registry files a schema under: its record's full name. A topic may carry several kinds of record, and a
 * kind travels in several topics; a subject for each topic would hold schemas that are no versions of each other, or
 * the same one twice.
 */
export function subjectOf({ schema }: { readonly schema: AvroRecord }): string {
  return `${schema.namespace}.${schema.name}`;
}
