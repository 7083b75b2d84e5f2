import type { User } from '../http/access/users.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

/** Who has changed what: a row in the transaction of the change, so that neither is there without the other. */
export interface AuditEntry {
  readonly atMs: number;
  readonly by: Doer;
  /** Stable, kebab-case. */
  readonly action: string;
  /** On what. */
  readonly subject: string;
  readonly deviceId: string | null;
  readonly details: object;
}

/** Whoever changes something; their name outlives them. */
export type Doer = Pick<User, 'username'> & { readonly id: User['id'] | null };

export interface AuditRow {
  readonly number: number;
  readonly at: Date;
  readonly username: string;
  readonly action: string;
  readonly subject: string;
  readonly device_id: string | null;
  readonly details: object;
}

const sql = {
  insert: statement(import.meta.url, './sql/insert-audit.sql'),
  list: statement(import.meta.url, './sql/list-audit.sql'),
  count: statement(import.meta.url, './sql/count-audit.sql'),
};

export async function noteChange(
  transaction: Queryable,
  { atMs, by, action, subject, deviceId, details }: AuditEntry,
): Promise<void> {
  await transaction.run(sql.insert, [new Date(atMs), by.id, by.username, action, subject, deviceId, details]);
}

export interface AuditWanted {
  readonly action: string | null;
  readonly deviceId: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

/** The newest first; to an owner, what they have done, and what was done to their devices. */
export async function listChanges(
  store: Queryable,
  fleetId: User['fleetId'],
  { action, deviceId, from, to }: AuditWanted,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ readonly changes: readonly AuditRow[]; readonly total: number }> {
  const matching = [action, deviceId, from, to, fleetId];
  const [changes, counted] = await Promise.all([
    store.run<AuditRow>(sql.list, [...matching, limit, offset]),
    store.run<{ total: number }>(sql.count, matching),
  ]);
  return { changes, total: counted[0]?.total ?? 0 };
}
