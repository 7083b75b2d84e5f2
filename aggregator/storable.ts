import type { Queryable } from '../ports/store/store.ts';

const UNREADABLE = '\ufffd';

/** PostgreSQL's text takes no NUL, which a record may hold: what is left of the text is worth more than none of it. */
export function withoutNul(transaction: Queryable): Queryable {
  return { run: (statement, values = []) => transaction.run(statement, values.map(storableValue)) };
}

/** As JSON that jsonb takes: in its text are no NULs and no halves of surrogate pairs, nor escapes of these. */
export function storableJson(value: unknown): string {
  // Every escape is matched, so that the `u0000` after an escaped backslash is not taken for one.
  return JSON.stringify(value).replace(/\\(?:u(0000|d[89a-f][\da-f]{2})|.)/g, (escaped, unstorable) =>
    unstorable === undefined ? escaped : UNREADABLE,
  );
}

function storableValue(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', UNREADABLE);
  return Array.isArray(value) ? value.map(storableValue) : value;
}
