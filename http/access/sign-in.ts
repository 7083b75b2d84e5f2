import { Problem } from '../problem.ts';
import { createFailedTries, networkOf } from './failed-tries.ts';
import type { SignedIn, Users } from './users.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Who has these credentials, or null; throws a problem while the address, or the account, has had too many wrong ones. */
export type SignIn = (credentials: Credentials, address: string) => Promise<SignedIn | null>;

const TRIES_OF_ADDRESS = 10;
/** More, as others can use them up; guesses from many addresses are slowed down all the same. */
const TRIES_OF_ACCOUNT = 50;

export function createSignIn({
  users,
  nowMs,
}: {
  readonly users: Pick<Users, 'authenticate'>;
  readonly nowMs: () => number;
}): SignIn {
  const byAddress = createFailedTries({ nowMs, freeTries: TRIES_OF_ADDRESS });
  const byAccount = createFailedTries({ nowMs, freeTries: TRIES_OF_ACCOUNT });

  return async ({ username, password }, address) => {
    const taken: (() => void)[] = [];
    const undo = () => {
      for (const giveBack of taken) giveBack();
    };
    for (const [tries, key] of [
      [byAddress, networkOf(address)],
      [byAccount, username],
    ] as const) {
      const { waitMs } = tries.take(key);
      if (waitMs > 0) {
        undo();
        throw tooManyTries(waitMs);
      }
      taken.push(() => tries.undo(key));
    }
    const user = await users.authenticate(username, password).catch((error) => {
      undo();
      throw error;
    });
    if (user) {
      byAddress.succeeded(networkOf(address));
      byAccount.succeeded(username);
    }
    return user;
  };
}

export function tooManyTries(waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1_000);
  const detail = `Too many failed tries. Try again in ${seconds} s.`;
  const headers = { 'retry-after': String(seconds) };
  return new Problem({ status: 429, code: 'too-many-tries', title: 'Too many failed tries', detail, headers });
}
