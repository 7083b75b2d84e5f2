import type { Store } from '../../ports/store/store.ts';
import { type Access, createAccess } from './access.ts';
import { createAccessTokens } from './access-tokens.ts';
import { SECRET } from './devices/devices-under-test.ts';
import { createUserManagement, type UserManagement } from './user-management.ts';
import type { User } from './users.ts';

export const PASSWORD = 'correct horse battery';

/** An administrator, two operators with devices of their own, and a viewer of each one's. */
const NAMES = ['admin', 'ann', 'ann-viewer', 'bob', 'bob-viewer'] as const;
export type Name = (typeof NAMES)[number];

export interface People {
  readonly access: Access;
  readonly management: UserManagement;
  userOf(name: Name): User;
  /** What somebody sends who has signed in just now; as they were when this was made, whatever has become of them. */
  bearer(user: Name | User): Promise<{ readonly authorization: string }>;
  signIn(username: string, password?: string): Promise<User | null>;
}

export async function openPeople({
  store,
  nowMs,
}: {
  readonly store: Store;
  readonly nowMs: () => number;
}): Promise<People> {
  const access = createAccess({ store, secret: SECRET, nowMs });
  const accessTokens = createAccessTokens({ secret: SECRET, nowMs });
  const management = createUserManagement({ store, nowMs });
  const signIn = (username: string, password = PASSWORD) => access.users.authenticate(username, password);

  await access.users.ensureAdministrator({ password: PASSWORD });
  const admin = await signIn('admin');
  if (!admin) throw new Error('no administrator');
  for (const [username, role, owner] of [
    ['ann', 'operator', undefined],
    ['bob', 'operator', undefined],
    ['ann-viewer', 'viewer', 'ann'],
    ['bob-viewer', 'viewer', 'bob'],
  ] as const) {
    await management.create(admin, { username, password: PASSWORD, role, owner });
  }
  const users = new Map(await Promise.all(NAMES.map(async (name) => [name, await signIn(name)] as const)));

  const userOf = (name: Name): User => {
    const user = users.get(name);
    if (!user) throw new Error(`there is no ${name}`);
    return user;
  };
  return {
    access,
    management,
    userOf,
    bearer: async (user) => {
      const token = await accessTokens.issue(typeof user === 'string' ? userOf(user) : user, null);
      return { authorization: `Bearer ${token}` };
    },
    signIn,
  };
}
