import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { digestToken, keyFor } from './server-secret.ts';
import type { User } from './users.ts';

interface Session {
  readonly sessionId: string;
  readonly refreshToken: string;
}

/** Who has signed in and not yet out. A session is renewed by a token that is good for one time. */
export interface Sessions {
  begin(user: User): Promise<Session>;
  /** The user as they are now and the next token; null for one that is unknown, used up or over. */
  renew(refreshToken: string): Promise<(Session & { readonly user: User }) | null>;
  end(refreshToken: string): Promise<void>;
}

const SESSION_MS = 30 * 24 * 3_600_000;
/** A client that got no answer asks again with the same token; one that asks later has stolen it, or was stolen from. */
const ASKED_AGAIN_MS = 60_000;
const SESSIONS_MAX = 50;
const TOKEN_BYTES = 32;

const sql = {
  insert: statement(import.meta.url, './sql/insert-session.sql'),
  refresh: statement(import.meta.url, './sql/refresh-session.sql'),
  end: statement(import.meta.url, './sql/end-session.sql'),
};

interface Dependencies {
  readonly store: Queryable;
  readonly secret: string;
  readonly nowMs: () => number;
}

export function createSessions({ store, secret, nowMs }: Dependencies): Sessions {
  const key = keyFor('refresh tokens', secret);
  const successorKey = keyFor('successors of refresh tokens', secret);
  const asToken = (bytes: Buffer) => `refresh_${bytes.toString('base64url')}`;
  /** Always the same one: two pages that renew at once go on with one token, and lose none. */
  const successorOf = (token: string) => asToken(createHmac('sha256', successorKey).update(token).digest());

  async function end(refreshToken: string): Promise<void> {
    await store.run(sql.end, [digestToken(key, refreshToken)]);
  }

  return {
    async begin({ id }) {
      const [sessionId, refreshToken] = [randomUUID(), asToken(randomBytes(TOKEN_BYTES))];
      const now = nowMs();
      const digest = digestToken(key, refreshToken);
      await store.run(sql.insert, [sessionId, id, digest, new Date(now), new Date(now + SESSION_MS), SESSIONS_MAX]);
      return { sessionId, refreshToken };
    },

    async renew(refreshToken) {
      const next = successorOf(refreshToken);
      const [row] = await store.run<User & { readonly sessionId: string }>(sql.refresh, [
        digestToken(key, refreshToken),
        digestToken(key, next),
        new Date(nowMs()),
        ASKED_AGAIN_MS,
      ]);
      if (row) {
        const { sessionId, ...user } = row;
        return { user, sessionId, refreshToken: next };
      }
      // If it is one that was replaced long ago, two have it: neither goes on.
      await end(refreshToken);
      return null;
    },

    end,
  };
}
