import type { User } from '../http/access/users.ts';
import { Problem } from '../http/problem.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

export const LETTER_STATES = ['open', 'redriven', 'discarded'] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export interface LetterRow {
  readonly id: string;
  readonly device_id: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly state: LetterState;
  readonly frame_id: string | null;
  readonly captured_at: Date | null;
  readonly recorded_at: Date;
  readonly created_at: Date;
  readonly succeeded_at: Date | null;
}

export interface WholeLetterRow extends LetterRow {
  readonly original_value: Buffer | null;
}

/** Whose letters somebody sees. What says of no device whose it is, is for administrators. */
export interface LetterScope {
  readonly fleetId: User['fleetId'];
  readonly seesUnowned: boolean;
}

export interface LettersWanted {
  readonly deviceId: string | null;
  readonly code: string | null;
  readonly topic: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

const sql = {
  list: statement(import.meta.url, './sql/list-dead-letters.sql'),
  count: statement(import.meta.url, './sql/count-dead-letters.sql'),
  find: statement(import.meta.url, './sql/find-dead-letter.sql'),
};

export function scopeOf({ fleetId, role }: Pick<User, 'fleetId' | 'role'>): LetterScope {
  return { fleetId, seesUnowned: role === 'admin' };
}

/** As the statements take it, in this order. */
export function matchingValues(
  { deviceId, code, topic, from, to }: LettersWanted,
  state: LetterState | null,
  { fleetId, seesUnowned }: LetterScope,
): readonly unknown[] {
  return [deviceId, code, topic, state, from, to, fleetId, seesUnowned];
}

export interface CodeCount {
  readonly code: string;
  readonly letters: number;
}

/** The newest first; and of all codes how many there are, so that it can be seen what another code would show. */
export async function listLetters(
  store: Queryable,
  scope: LetterScope,
  { state, ...wanted }: LettersWanted & { readonly state: LetterState | null },
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ readonly letters: readonly LetterRow[]; readonly codes: readonly CodeCount[] }> {
  const [letters, codes] = await Promise.all([
    store.run<LetterRow>(sql.list, [...matchingValues(wanted, state, scope), limit, offset]),
    store.run<CodeCount>(sql.count, matchingValues({ ...wanted, code: null }, state, scope)),
  ]);
  return { letters, codes };
}

/** Whatever somebody does not see is not there: a `Problem`. */
export async function findLetter(
  store: Queryable,
  { fleetId, seesUnowned }: LetterScope,
  id: string,
): Promise<WholeLetterRow> {
  const [row] = await store.run<WholeLetterRow>(sql.find, [id, fleetId, seesUnowned]);
  if (!row) throw noSuchLetter();
  return row;
}

export function noSuchLetter(): Problem {
  return new Problem({ status: 404, code: 'no-such-dead-letter', title: 'No such dead letter' });
}
