import { createHash } from 'node:crypto';
import type { AvroRecord } from './avro.ts';

/** A schema's text with nothing in it but what it means: no docs, and the keys in one order. */
export function meaningOf(schema: AvroRecord): string {
  return JSON.stringify(withoutDocs(schema));
}

/** The same for two schemas only if they mean the same: docs and the order of keys aside, all of the text counts. */
export function fingerprintOf(schema: AvroRecord): string {
  return createHash('sha256').update(meaningOf(schema)).digest('hex');
}

function withoutDocs(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutDocs);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(([key]) => key !== 'doc');
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, withoutDocs(value)]),
  );
}
