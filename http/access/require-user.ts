import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import type { AccessTokens } from './access-tokens.ts';
import { type BasicAccess, createBasicAccess } from './basic.ts';
import type { Proof } from './look-again.ts';
import { refuseOtherSites } from './other-sites.ts';
import type { SignIn } from './sign-in.ts';
import type { User, Users } from './users.ts';

type SignedRequest = Pick<FastifyRequest, 'method' | 'headers' | 'ip' | 'user' | 'proof'>;

/** An `onRequest` hook: past it, the request has a `user`. By password, as browsers ask for it, or by access token. */
export type RequireUser = (request: SignedRequest) => Promise<void>;

const BEARER = /^Bearer +([\w.~+/-]{1,2000}=*) *$/i;

export function createRequireUser(deps: {
  readonly signIn: SignIn;
  readonly users: Pick<Users, 'lookAgain'>;
  readonly accessTokens: Pick<AccessTokens, 'read'>;
  readonly nowMs: () => number;
}): RequireUser {
  const { accessTokens } = deps;
  const basic: BasicAccess = createBasicAccess(deps);
  return async (request) => {
    refuseOtherSites(request);
    const header = request.headers.authorization ?? '';
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) {
      const user = await basic(header, request.ip);
      if (!user) throw notSignedIn(header === '' ? 'nothing' : 'password');
      const { passwordStamp } = user;
      request.user = user;
      request.proof = { user, passwordStamp, sessionId: null, untilMs: null };
    } else {
      const told = await accessTokens.read(token);
      if (!told) throw notSignedIn('token');
      request.user = told.user;
      request.proof = { ...told, passwordStamp: null };
    }
  };
}

/**
 * An `onRequest` hook for after `RequireUser`, where something is changed: a token may outlive what it says, and is
 * believed only by those who read.
 */
export function createRequireUserNow({ users }: { readonly users: Pick<Users, 'find'> }): RequireUser {
  return async (request) => {
    const user = await users.find(userOf(request).id);
    if (!user) throw notSignedIn('token');
    request.user = user;
  };
}

/** The user that `requireUser` has found. */
export function userOf({ user }: Pick<FastifyRequest, 'user'>): User {
  if (!user) throw new Error('a route for users without requireUser');
  return user;
}

/** What they have shown for it. */
export function proofOf({ proof }: Pick<FastifyRequest, 'proof'>): Proof {
  if (!proof) throw new Error('a route for users without requireUser');
  return proof;
}

const WHY_NOT = {
  token: 'The token is not valid, or its time is over. Sign in again, or refresh it.',
  password: 'The name or the password is wrong.',
  nothing: 'Send a name and a password (Basic), or the token that POST /auth/login gives (Bearer).',
} as const;

/** A browser asks its user for a password when it is told of `Basic`; whoever came with a token is told of that. */
export function notSignedIn(by: keyof typeof WHY_NOT): Problem {
  const wanted = by === 'token' ? 'Bearer error="invalid_token"' : 'Basic realm="Passerby", charset="UTF-8"';
  return new Problem({
    status: 401,
    code: 'not-signed-in',
    title: 'Not signed in',
    detail: WHY_NOT[by],
    headers: { 'www-authenticate': wanted },
  });
}
