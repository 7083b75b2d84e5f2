import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Statement } from './store.ts';

/** Reads a statement from the .sql file beside its caller: `statement(import.meta.url, './sql/find-user.sql')`. */
export function statement(callerUrl: string, file: string): Statement {
  const text = readFileSync(new URL(file, callerUrl), 'utf8');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return { name: `${basename(file, '.sql')}-${digest}`, text };
}
