import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { AvroRecord } from './avro.ts';
import { createCodec } from './codec.ts';
import type { Released } from './registry.ts';
import { samplesOf } from './sample.ts';

/** Bytes written with one released schema, and what they say; once written, a fixture never changes. */
export interface Fixture {
  readonly id: number;
  readonly fingerprint: string;
  readonly records: readonly { readonly value: Record<string, unknown>; readonly hex: string }[];
}

export function createFixture({ id, name, schema }: Released): Fixture {
  const { encode } = createCodec([{ id, name, schema }]);
  const records = samplesOf(schema).map((value) => ({ value, hex: encode(name, value as never).toString('hex') }));
  return { id, fingerprint: fingerprintOf(schema), records };
}

/** The same for two schemas only if they mean the same: docs and the order of keys aside, all of the text counts. */
export function fingerprintOf(schema: AvroRecord): string {
  return createHash('sha256')
    .update(JSON.stringify(withoutDocs(schema)))
    .digest('hex');
}

function withoutDocs(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutDocs);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(([key]) => key !== 'doc');
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, withoutDocs(value)]),
  );
}

export function fixtureFile({ id, name }: Pick<Released, 'id' | 'name'>): URL {
  return new URL(`fixtures/${id}-${name}.json`, import.meta.url);
}

export function readFixture(released: Pick<Released, 'id' | 'name'>): Fixture | null {
  const file = fixtureFile(released);
  return existsSync(file) ? parseFixture(readFileSync(file, 'utf8')) : null;
}

/** JSON has no bytes: `{"$hex": "00ff"}` stands for them. */
export function fixtureText(fixture: Fixture): string {
  return `${JSON.stringify(fixture, (_, value) => (isBufferJson(value) ? { $hex: Buffer.from(value.data).toString('hex') } : value), 2)}\n`;
}

export function parseFixture(text: string): Fixture {
  return JSON.parse(text, (_, value) => (typeof value?.$hex === 'string' ? Buffer.from(value.$hex, 'hex') : value));
}

/** A Buffer has turned itself into this by the time a replacer sees it. */
function isBufferJson(value: unknown): value is { readonly data: readonly number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}
