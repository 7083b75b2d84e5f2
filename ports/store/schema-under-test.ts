import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { statement } from './statement.ts';
import type { Queryable } from './store.ts';

const describeSchema = statement(import.meta.url, './sql/test-describe-schema.sql');

/** What the migrations add up to, as text to be read in a review; `UPDATE_GOLDEN=1` writes it anew. */
export async function expectGoldenSchema(store: Queryable, schema: string, golden: URL): Promise<void> {
  const rows = await store.run<{ line: string }>(describeSchema, [schema]);
  const text = `${rows.map(({ line }) => line.trimEnd()).join('\n')}\n`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, text);
  expect(text, 'the schema is not the golden one; UPDATE_GOLDEN=1 writes it anew').toBe(
    existsSync(golden) ? readFileSync(golden, 'utf8') : '',
  );
}
