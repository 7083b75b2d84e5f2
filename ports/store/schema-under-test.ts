import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { statement } from './statement.ts';
import type { Queryable, Statement } from './store.ts';

const sql = {
  schema: statement(import.meta.url, './sql/test-describe-schema.sql'),
  timescale: statement(import.meta.url, './sql/test-describe-timescale.sql'),
};

/** What the migrations add up to, as text to be read in a review; `UPDATE_GOLDEN=1` writes it anew. */
export async function expectGoldenSchema(store: Queryable, schema: string, golden: URL): Promise<void> {
  expectGolden(await describe(store, sql.schema, schema), golden);
}

/** The same where views are other queries, or are told of in other words. */
export async function expectGoldenTables(store: Queryable, schema: string, golden: URL): Promise<void> {
  const withoutQueries = (text: string) => text.replace(/^ SELECT[^;]*;\n/gm, '');
  const text = await describe(store, sql.schema, schema);
  expect(withoutQueries(text)).toBe(withoutQueries(readFileSync(golden, 'utf8')));
}

/** What TimescaleDB makes of them. */
export async function expectGoldenHypertables(store: Queryable, schema: string, golden: URL): Promise<void> {
  expectGolden(await describe(store, sql.timescale, schema), golden);
}

async function describe(store: Queryable, description: Statement, schema: string): Promise<string> {
  const rows = await store.run<{ line: string }>(description, [schema]);
  return `${rows.map(({ line }) => line.trimEnd()).join('\n')}\n`;
}

function expectGolden(text: string, golden: URL): void {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, text);
  expect(text, 'the schema is not the golden one; UPDATE_GOLDEN=1 writes it anew').toBe(
    existsSync(golden) ? readFileSync(golden, 'utf8') : '',
  );
}
