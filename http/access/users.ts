import { createHash, randomInt } from 'node:crypto';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { hashPassword, unmatchableHash, verifyPassword } from './passwords.ts';

export type Role = 'admin' | 'operator' | 'viewer';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  /** Whose devices they see and, unless they are viewers, manage; null for everybody's. */
  readonly fleetId: string | null;
}

/** Somebody who has shown their password. */
export interface SignedIn extends User {
  /** Another one after each change of the password. */
  readonly passwordStamp: string;
}

export interface Users {
  /** Makes sure that somebody can sign in. A password that had to be made up is told this once and never again. */
  ensureAdministrator(wanted: {
    readonly password?: string | undefined;
  }): Promise<{ readonly password: string | null }>;
  authenticate(username: string, password: string): Promise<SignedIn | null>;
  /** The user as they are now; null once they are gone, or have another password than the one they have shown. */
  lookAgain(user: SignedIn): Promise<SignedIn | null>;
  /** Ends their sessions too. */
  setPassword(id: string, password: string): Promise<void>;
  /** The user as they are now; null once they are gone. */
  find(id: string): Promise<User | null>;
}

interface UserRow extends User {
  readonly password_hash: string;
}

const ADMINISTRATOR = 'admin';
/** Without the letters and digits that look alike: it is read off a screen and typed. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const GENERATED_CHARS = 20;

const findUser = statement(import.meta.url, './sql/find-user.sql');
const findUserById = statement(import.meta.url, './sql/find-user-by-id.sql');
const insertAdministrator = statement(import.meta.url, './sql/insert-administrator.sql');
const updatePassword = statement(import.meta.url, './sql/update-password.sql');

export function createUsers({ store }: { readonly store: Queryable }): Users {
  const noUsersHash = unmatchableHash();

  async function find(username: string): Promise<UserRow | undefined> {
    const [row] = await store.run<UserRow>(findUser, [username]);
    return row;
  }

  async function setPassword(id: string, password: string): Promise<void> {
    await store.run(updatePassword, [id, await hashPassword(password)]);
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
        await setPassword(existing.id, password);
      }
      const ours = existing && untold !== null && (await verifyPassword(untold, existing.password_hash));
      return ours ? tell() : { password: null };
    },

    async authenticate(username, password) {
      const row = await find(username);
      // A name that does not exist takes as long as one that does, or names could be found out by the clock.
      const matches = await verifyPassword(password, row?.password_hash ?? noUsersHash);
      return row && matches ? signedIn(row) : null;
    },

    async lookAgain({ id, username, passwordStamp }) {
      const row = await find(username);
      const now = row && signedIn(row);
      return now && now.id === id && now.passwordStamp === passwordStamp ? now : null;
    },

    setPassword,

    async find(id) {
      const [user] = await store.run<User>(findUserById, [id]);
      return user ?? null;
    },
  };
}

function signedIn({ password_hash, ...user }: UserRow): SignedIn {
  return { ...user, passwordStamp: passwordStampOf(password_hash) };
}

/** The hash is salted, so that another password has another one, and so has the same password set anew. */
export function passwordStampOf(passwordHash: string): string {
  return createHash('sha256').update(passwordHash).digest('base64url');
}

function generatePassword(): string {
  return Array.from({ length: GENERATED_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
