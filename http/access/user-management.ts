import { takeLock } from '../../ports/store/locks.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable, Store } from '../../ports/store/store.ts';
import { Problem } from '../problem.ts';
import { hashPassword } from './passwords.ts';
import type { Role, User } from './users.ts';

export interface ManagedUser {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly ownerId: string | null;
  /** The name of whoever's devices they work with; null for their own. */
  readonly owner: string | null;
  readonly createdAt: Date;
}

export interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
  readonly owner?: string | undefined;
}

export interface UserChange {
  readonly role?: Role | undefined;
  /** Null for nobody. */
  readonly owner?: string | null | undefined;
  readonly password?: string | undefined;
}

interface Page {
  readonly limit: number;
  readonly offset: number;
}

/**
 * Who there is. Administrators manage everybody, operators the viewers of the devices that they work with; whoever is
 * not theirs is to them not there. What is refused is a `Problem`.
 */
export interface UserManagement {
  list(by: User, page: Page): Promise<{ readonly users: readonly ManagedUser[]; readonly total: number }>;
  find(by: User, id: string): Promise<ManagedUser>;
  create(by: User, wanted: NewUser): Promise<ManagedUser>;
  /** For administrators. Ends the sessions of whoever is changed. */
  change(by: User, id: string, change: UserChange): Promise<ManagedUser>;
  /** With their sessions and whoever works for them; their devices stay, and are nobody's. */
  remove(by: User, id: string): Promise<void>;
  /** The id of a user who has devices of their own, by name. */
  findOwner(username: string): Promise<string>;
}

const sql = {
  list: statement(import.meta.url, './sql/list-users.sql'),
  count: statement(import.meta.url, './sql/count-users.sql'),
  findOwner: statement(import.meta.url, './sql/find-owner.sql'),
  findOwnOwner: statement(import.meta.url, './sql/find-own-owner.sql'),
  insert: statement(import.meta.url, './sql/insert-user.sql'),
  change: statement(import.meta.url, './sql/change-user.sql'),
  remove: statement(import.meta.url, './sql/delete-user.sql'),
  hasStaff: statement(import.meta.url, './sql/has-staff.sql'),
  otherAdministrator: statement(import.meta.url, './sql/other-administrator.sql'),
};

export function createUserManagement({
  store,
  nowMs,
}: {
  readonly store: Store;
  readonly nowMs: () => number;
}): UserManagement {
  const scopeOf = ({ id, role }: User) => (role === 'admin' ? null : id);

  async function find(queryable: Queryable, by: User, id: string): Promise<ManagedUser> {
    const [user] = await queryable.run<ManagedUser>(sql.list, [id, scopeOf(by), 1, 0]);
    if (!user) throw new Problem({ status: 404, code: 'no-such-user', title: 'No such user' });
    return user;
  }

  /** One at a time: what is asked before a change is true until it is made. */
  function alone<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result> {
    return store.transaction(async (transaction) => {
      await takeLock(transaction, 'administrators');
      return work(transaction);
    });
  }

  async function ownerNamed(queryable: Queryable, username: string): Promise<string> {
    const [owner] = await queryable.run<{ id: string }>(sql.findOwner, [username]);
    if (!owner) throw noSuchOwner(username);
    return owner.id;
  }

  async function ownerOfNew(transaction: Queryable, by: User, { role, owner }: NewUser): Promise<string | null> {
    if (by.role === 'admin') {
      requireFitting(role, owner ?? null);
      return owner === undefined ? null : ownerNamed(transaction, owner);
    }
    const [own] = await transaction.run<{ id: string; username: string }>(sql.findOwnOwner, [by.id]);
    if (role !== 'viewer' || !own || (owner ?? own.username) !== own.username) throw onlyViewers();
    return own.id;
  }

  async function requireAdministratorBeside(transaction: Queryable, { id, role }: ManagedUser): Promise<void> {
    if (role !== 'admin') return;
    const others = await transaction.run(sql.otherAdministrator, [id]);
    if (others.length === 0) throw lastAdmin();
  }

  return {
    async list(by, { limit, offset }) {
      const [users, counted] = await Promise.all([
        store.run<ManagedUser>(sql.list, [null, scopeOf(by), limit, offset]),
        store.run<{ total: number }>(sql.count, [scopeOf(by)]),
      ]);
      return { users, total: counted[0]?.total ?? 0 };
    },

    find: (by, id) => find(store, by, id),

    async create(by, wanted) {
      // Outside of the transaction: it takes its time.
      const hash = await hashPassword(wanted.password);
      return alone(async (transaction) => {
        const ownerId = await ownerOfNew(transaction, by, wanted);
        const values = [wanted.username, hash, wanted.role, ownerId, new Date(nowMs())];
        const [made] = await transaction.run<{ id: string }>(sql.insert, values);
        if (!made) throw usernameTaken(wanted.username);
        return find(transaction, by, made.id);
      });
    },

    async change(by, id, { password, ...change }) {
      const hash = password === undefined ? null : await hashPassword(password);
      return alone(async (transaction) => {
        const before = await find(transaction, by, id);
        const role = change.role ?? before.role;
        // Somebody who sees everything works for nobody.
        const owner = change.owner === undefined && role !== 'admin' ? before.owner : (change.owner ?? null);
        requireFitting(role, owner);
        const ownerId = owner === before.owner ? before.ownerId : owner && (await ownerNamed(transaction, owner));
        if (ownerId === id) throw noSuchOwner(before.username);
        if (ownerId && (await transaction.run(sql.hasStaff, [id])).length > 0) throw hasStaff(before.username);
        if (role !== 'admin') await requireAdministratorBeside(transaction, before);
        await transaction.run(sql.change, [id, role, ownerId, hash]);
        return find(transaction, by, id);
      });
    },

    remove: (by, id) =>
      alone(async (transaction) => {
        await requireAdministratorBeside(transaction, await find(transaction, by, id));
        await transaction.run(sql.remove, [id]);
      }),

    findOwner: (username) => ownerNamed(store, username),
  };
}

function requireFitting(role: Role, owner: string | null): void {
  if (role === 'viewer' && owner === null) {
    const detail = 'A viewer needs an owner: the name of the user whose devices they may see.';
    throw new Problem({ status: 422, code: 'owner-required', title: 'A viewer needs an owner', detail });
  }
  if (role === 'admin' && owner !== null) {
    const detail = 'An administrator sees all devices, and works for nobody.';
    throw new Problem({ status: 422, code: 'owner-not-allowed', title: 'An administrator has no owner', detail });
  }
}

function noSuchOwner(username: string): Problem {
  const detail = `${username} is no user, or none with devices of their own.`;
  return new Problem({ status: 422, code: 'no-such-owner', title: 'No such owner', detail });
}

function usernameTaken(username: string): Problem {
  const detail = `There is a user ${username} already.`;
  return new Problem({ status: 409, code: 'username-taken', title: 'The name is taken', detail });
}

function hasStaff(username: string): Problem {
  const detail = `Others work with the devices of ${username}, who cannot work with somebody else's.`;
  return new Problem({ status: 409, code: 'has-staff', title: 'Others work for this user', detail });
}

function lastAdmin(): Problem {
  const detail = 'There must be somebody who may do everything. Make another user an administrator first.';
  return new Problem({ status: 409, code: 'last-admin', title: 'The last administrator', detail });
}

function onlyViewers(): Problem {
  const detail = 'An operator may add viewers of the same devices, and nobody else.';
  return new Problem({ status: 403, code: 'not-allowed', title: 'Not allowed', detail });
}
