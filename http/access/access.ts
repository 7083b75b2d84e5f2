import type { Queryable } from '../../ports/store/store.ts';
import type { Server } from '../server.ts';
import { createAccessTokens } from './access-tokens.ts';
import { registerAuth } from './auth-routes.ts';
import { createLookAgain, type LookAgain } from './look-again.ts';
import { registerOwnAccount } from './own-account-routes.ts';
import { createRequireUser, createRequireUserNow, type RequireUser } from './require-user.ts';
import { createSessions } from './sessions.ts';
import { createSignIn } from './sign-in.ts';
import { createUsers, type Users } from './users.ts';

/** People and how they are let in, for the service that they talk to. */
export interface Access {
  readonly users: Users;
  readonly requireUser: RequireUser;
  /** For after `requireUser`, where something is changed: whoever is asking must be who they were. */
  readonly requireUserNow: RequireUser;
  /** For what goes on after it was asked for. */
  readonly lookAgain: LookAgain;
  /** Adds `/auth/…`. */
  register(app: Server): void;
}

export function createAccess({
  store,
  secret,
  nowMs,
}: {
  readonly store: Queryable;
  readonly secret: string;
  readonly nowMs: () => number;
}): Access {
  const users = createUsers({ store });
  const signIn = createSignIn({ users, nowMs });
  const accessTokens = createAccessTokens({ secret, nowMs });
  const sessions = createSessions({ store, secret, nowMs });
  const requireUser = createRequireUser({ signIn, users, accessTokens, nowMs });
  const requireUserNow = createRequireUserNow({ users });
  return {
    users,
    requireUser,
    requireUserNow,
    lookAgain: createLookAgain({ store, nowMs }),
    register(app) {
      registerAuth(app, { signIn, sessions, accessTokens });
      registerOwnAccount(app, { onRequest: [requireUser, requireUserNow], users, signIn });
    },
  };
}
