import { errors, jwtVerify, SignJWT } from 'jose';
import { keyFor } from './server-secret.ts';
import type { User } from './users.ts';

/** Who somebody is, signed, for a quarter of an hour: read without asking the store. */
export interface AccessTokens {
  issue(user: User): Promise<string>;
  /** Null for a token that is not ours, or is over. */
  read(token: string): Promise<User | null>;
}

/** Whoever signs out, or is made somebody else, stays who they were for so long. */
export const ACCESS_TOKEN_S = 15 * 60;

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
    issue({ id, username, role, fleetId }) {
      const issuedAtS = Math.floor(nowMs() / 1_000);
      return new SignJWT({ username, role, fleet: fleetId })
        .setProtectedHeader({ alg: ALGORITHM })
        .setIssuer(ISSUER)
        .setSubject(id)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + ACCESS_TOKEN_S)
        .sign(key);
    },

    async read(token) {
      try {
        const { payload } = await jwtVerify<Pick<User, 'username' | 'role'> & { readonly fleet: User['fleetId'] }>(
          token,
          key,
          {
            algorithms: [ALGORITHM],
            issuer: ISSUER,
            currentDate: new Date(nowMs()),
            requiredClaims: ['sub', 'exp', 'fleet'],
          },
        );
        const { username, role, fleet: fleetId } = payload;
        return { id: payload.sub as string, username, role, fleetId };
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
