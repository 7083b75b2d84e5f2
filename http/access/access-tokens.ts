import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { keyFor } from './server-secret.ts';
import type { User } from './users.ts';

/** What a token says. */
export interface Told {
  readonly user: User;
  /** The session that it is of; of some there is none. */
  readonly sessionId: string | null;
  readonly untilMs: number;
}

/** Who somebody is, signed, for a quarter of an hour: read without asking the store. */
export interface AccessTokens {
  issue(user: User, sessionId: string | null): Promise<string>;
  /** Null for a token that is not ours, or is over. */
  read(token: string): Promise<Told | null>;
}

/** Whoever signs out, or is made somebody else, stays who they were for so long. */
export const ACCESS_TOKEN_S = 15 * 60;

type Claims = Pick<User, 'username' | 'role'> & { readonly fleet: User['fleetId']; readonly sid?: string };

const ISSUER = 'passerby';
const ALGORITHM = 'HS256';

export function createAccessTokens({
  secret,
  nowMs,
}: {
  readonly secret: string;
  readonly nowMs: () => number;
}): AccessTokens {
  const key = keyFor('access tokens', secret);
  return {
    issue({ id, username, role, fleetId }, sessionId) {
      const issuedAtS = Math.floor(nowMs() / 1_000);
      return new SignJWT({ username, role, fleet: fleetId, ...(sessionId !== null && { sid: sessionId }) })
        .setProtectedHeader({ alg: ALGORITHM })
        .setIssuer(ISSUER)
        .setSubject(id)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + ACCESS_TOKEN_S)
        .sign(key);
    },

    async read(token) {
      try {
        const { payload } = await jwtVerify<Claims>(token, key, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          currentDate: new Date(nowMs()),
          requiredClaims: ['sub', 'exp', 'fleet'],
        });
        const {
          sub,
          exp,
          username,
          role,
          fleet: fleetId,
          sid: sessionId = null,
        } = payload as Required<JWTPayload> & Claims;
        return { user: { id: sub, username, role, fleetId }, sessionId, untilMs: exp * 1_000 };
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
