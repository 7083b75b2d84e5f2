import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { passwordStampOf, type User } from './users.ts';

/** What somebody was let in by. */
export interface Proof {
  readonly user: User;
  /** The session of their token, if they came with one of a session. */
  readonly sessionId: string | null;
  /** Up to when their token is good. */
  readonly untilMs: number | null;
  /** Of the password that they have shown, if they came with one. */
  readonly passwordStamp: string | null;
}

/** Which of these would no longer let anybody in, or as somebody else: whoever is answered without an end asks now and then. */
export type LookAgain = (proofs: readonly Proof[]) => Promise<ReadonlySet<Proof>>;

interface UserRow extends Pick<User, 'id' | 'role' | 'fleetId'> {
  readonly password_hash: string;
  readonly sessionIds: readonly string[];
}

const lookAgain = statement(import.meta.url, './sql/look-again.sql');

export function createLookAgain({
  store,
  nowMs,
}: {
  readonly store: Queryable;
  readonly nowMs: () => number;
}): LookAgain {
  return async (proofs) => {
    const ids = [...new Set(proofs.map(({ user }) => user.id))];
    const rows = await store.run<UserRow>(lookAgain, [ids, new Date(nowMs())]);
    const found = new Map(
      rows.map(({ password_hash, ...row }) => [row.id, { ...row, stamp: passwordStampOf(password_hash) }]),
    );
    return new Set(
      proofs.filter(({ user, sessionId, untilMs, passwordStamp }) => {
        const now = found.get(user.id);
        if (!now || now.role !== user.role || now.fleetId !== user.fleetId) return true;
        if (passwordStamp !== null && passwordStamp !== now.stamp) return true;
        if (untilMs !== null && untilMs <= nowMs()) return true;
        return sessionId !== null && !now.sessionIds.includes(sessionId);
      }),
    );
  };
}
