import { existsSync, readFileSync } from 'node:fs';
import { createCodec } from './codec.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Released } from './registry.ts';
import { samplesOf } from './sample.ts';

/** Bytes written with one released schema, and what they say; once written, a fixture never changes. */
export interface Fixture {
  readonly id: number;
  readonly fingerprint: string;
  readonly records: readonly { readonly value: Record<string, unknown>; readonly hex: string }[];
}

export function createFixture(released: Released): Fixture {
  const { id, name, schema } = released;
  const { encode } = createCodec([released]);
  const records = samplesOf(schema).map((value) => ({ value, hex: encode(name, value as never).toString('hex') }));
  return { id, fingerprint: fingerprintOf(schema), records };
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
