import { createHmac, randomBytes } from 'node:crypto';
import { keepNewest } from './keep-newest.ts';
import type { Credentials, SignIn } from './sign-in.ts';
import type { SignedIn, Users } from './users.ts';

/** Who the header `Authorization: Basic …` names, or null. */
export type BasicAccess = (header: string, address: string) => Promise<SignedIn | null>;

/** A page that polls sends its password each time, and verifying one takes a core's tenth of a second. */
const REMEMBERED_MS = 5 * 60_000;
/** Whoever is deleted, is made somebody else or has another password, is who they were for so long still. */
const BELIEVED_MS = 3_000;
const REMEMBERED_MAX = 1_000;
const HEADER_CHARS_MAX = 2_048;

interface Remembered {
  readonly user: SignedIn;
  readonly untilMs: number;
  readonly lookAgainAtMs: number;
}

export function createBasicAccess({
  signIn,
  users,
  nowMs,
}: {
  readonly signIn: SignIn;
  readonly users: Pick<Users, 'lookAgain'>;
  readonly nowMs: () => number;
}): BasicAccess {
  // Memory holds no passwords: headers are known by a digest under a key that dies with the process.
  const digestKey = randomBytes(32);
  const remembered = new Map<string, Remembered>();
  const verifying = new Map<string, Promise<SignedIn | null>>();

  async function recall(key: string): Promise<SignedIn | null> {
    const found = remembered.get(key);
    if (!found) return null;
    if (found.untilMs > nowMs()) {
      if (found.lookAgainAtMs > nowMs()) return found.user;
      const user = await users.lookAgain(found.user);
      if (user) {
        remembered.set(key, { ...found, user, lookAgainAtMs: nowMs() + BELIEVED_MS });
        return user;
      }
    }
    remembered.delete(key);
    return null;
  }

  function remember(key: string, user: SignedIn): void {
    const known = { user, untilMs: nowMs() + REMEMBERED_MS, lookAgainAtMs: nowMs() + BELIEVED_MS };
    keepNewest(remembered, key, known, REMEMBERED_MAX);
  }

  async function verify(key: string, credentials: Credentials, address: string): Promise<SignedIn | null> {
    const user = await signIn(credentials, address);
    if (user) remember(key, user);
    return user;
  }

  return async (header, address) => {
    const credentials = readCredentials(header);
    if (!credentials) return null;
    const key = createHmac('sha256', digestKey).update(header).digest('base64');
    const known = await recall(key);
    if (known) return known;
    // A page opens with a dozen requests at once: they wait for one verification, and count as one try. By address,
    // since somebody else's wait is not ours.
    const place = `${key} ${address}`;
    const result = verifying.get(place) ?? verify(key, credentials, address).finally(() => verifying.delete(place));
    verifying.set(place, result);
    return result;
  };
}

function readCredentials(header: string): Credentials | null {
  const encoded = header.length > HEADER_CHARS_MAX ? undefined : /^Basic +([\w+/=-]+) *$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  // PostgreSQL's text takes no NUL.
  if (colon < 1 || text.includes('\0')) return null;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
