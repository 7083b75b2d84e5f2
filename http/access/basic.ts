import { createHmac, randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import { createFailedTries } from './failed-tries.ts';
import { refuseOtherSites } from './other-sites.ts';
import type { User, Users } from './users.ts';

type SignedRequest = Pick<FastifyRequest, 'method' | 'headers' | 'ip' | 'user'>;

interface BasicAccess {
  /** An `onRequest` hook: past it, the request has a `user`. */
  requireUser(request: SignedRequest): Promise<void>;
}

/** A page that polls sends its password each time, and verifying one takes a core's tenth of a second. */
const REMEMBERED_MS = 5 * 60_000;
const REMEMBERED_MAX = 1_000;
const HEADER_CHARS_MAX = 2_048;

export function createBasicAccess(deps: {
  readonly users: Pick<Users, 'authenticate'>;
  readonly nowMs: () => number;
}): BasicAccess {
  const { users, nowMs } = deps;
  // Memory holds no passwords: headers are known by a digest under a key that dies with the process.
  const digestKey = randomBytes(32);
  const remembered = new Map<string, { readonly user: User; readonly untilMs: number }>();
  const verifying = new Map<string, Promise<User | null>>();
  const tries = createFailedTries({ nowMs });

  function recall(key: string): User | null {
    const found = remembered.get(key);
    if (found && found.untilMs > nowMs()) return found.user;
    remembered.delete(key);
    return null;
  }

  function remember(key: string, user: User): void {
    if (remembered.size >= REMEMBERED_MAX) {
      const [oldest] = remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
    }
    remembered.set(key, { user, untilMs: nowMs() + REMEMBERED_MS });
  }

  async function verify(key: string, { username, password }: Credentials, address: string): Promise<User | null> {
    const { waitMs } = tries.take(address);
    if (waitMs > 0) throw tooManyTries(waitMs);
    let user: User | null;
    try {
      user = await users.authenticate(username, password);
    } catch (error) {
      tries.undo(address);
      throw error;
    }
    if (user) {
      tries.succeeded(address);
      remember(key, user);
    }
    return user;
  }

  return {
    async requireUser(request) {
      refuseOtherSites(request);
      const header = request.headers.authorization ?? '';
      const credentials = readCredentials(header);
      if (!credentials) throw notSignedIn();
      const key = createHmac('sha256', digestKey).update(header).digest('base64');
      // A page opens with a dozen requests at once: they wait for one verification, and count as one try. By address,
      // since somebody else's wait is not ours.
      const place = `${key} ${request.ip}`;
      let user = recall(key);
      if (!user) {
        const result =
          verifying.get(place) ?? verify(key, credentials, request.ip).finally(() => verifying.delete(place));
        verifying.set(place, result);
        user = await result;
      }
      if (!user) throw notSignedIn();
      request.user = user;
    },
  };
}

interface Credentials {
  readonly username: string;
  readonly password: string;
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

function notSignedIn(): Problem {
  const headers = { 'www-authenticate': 'Basic realm="Passerby", charset="UTF-8"' };
  return new Problem({ status: 401, code: 'not-signed-in', title: 'Not signed in', headers });
}

function tooManyTries(waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1_000);
  const detail = `Too many failed tries from this address. Try again in ${seconds} s.`;
  const headers = { 'retry-after': String(seconds) };
  return new Problem({ status: 429, code: 'too-many-tries', title: 'Too many failed tries', detail, headers });
}
