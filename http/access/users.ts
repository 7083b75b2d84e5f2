import { randomInt } from 'node:crypto';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { hashPassword, unmatchableHash, verifyPassword } from './passwords.ts';

type Role = 'admin' | 'operator' | 'viewer';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
}

export interface Users {
  /** Makes sure that somebody can sign in. A password that had to be made up is told this once and never again. */
  ensureAdministrator(wanted: {
    readonly password?: string | undefined;
  }): Promise<{ readonly password: string | null }>;
  authenticate(username: string, password: string): Promise<User | null>;
}

interface UserRow extends User {
  readonly password_hash: string;
}

const ADMINISTRATOR = 'admin';
/** Without the letters and digits that look alike: it is read off a screen and typed. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const GENERATED_CHARS = 20;

const findUser = statement(import.meta.url, './sql/find-user.sql');
const insertAdministrator = statement(import.meta.url, './sql/insert-administrator.sql');
const updatePassword = statement(import.meta.url, './sql/update-password.sql');

export function createUsers({ store }: { readonly store: Queryable }): Users {
  const noUsersHash = unmatchableHash();

  async function find(username: string): Promise<UserRow | undefined> {
    const [row] = await store.run<UserRow>(findUser, [username]);
    return row;
  }

  /** Made up and not yet told: the account may have been made by a try whose answer was lost. */
  let untold: string | null = null;

  function tell(): { password: string | null } {
    const password = untold;
    untold = null;
    return { password };
  }

  return {
    async ensureAdministrator({ password }) {
      if (!(await find(ADMINISTRATOR))) {
        const chosen = password ?? untold ?? generatePassword();
        if (password === undefined) untold = chosen;
        const rows = await store.run(insertAdministrator, [ADMINISTRATOR, await hashPassword(chosen)]);
        if (rows.length > 0) return tell();
        // Another instance was quicker; what it says holds, save for a password given to us.
      }
      const existing = await find(ADMINISTRATOR);
      if (existing && password !== undefined && !(await verifyPassword(password, existing.password_hash))) {
        await store.run(updatePassword, [existing.id, await hashPassword(password)]);
      }
      const ours = existing && untold !== null && (await verifyPassword(untold, existing.password_hash));
      return ours ? tell() : { password: null };
    },

    async authenticate(username, password) {
      const row = await find(username);
      // A name that does not exist takes as long as one that does, or names could be found out by the clock.
      const matches = await verifyPassword(password, row?.password_hash ?? noUsersHash);
      return row && matches ? { id: row.id, username: row.username, role: row.role } : null;
    },
  };
}

function generatePassword(): string {
  return Array.from({ length: GENERATED_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
