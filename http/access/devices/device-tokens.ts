import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { coalesce } from '../../../ports/coalesce.ts';
import { statement } from '../../../ports/store/statement.ts';
import type { Queryable } from '../../../ports/store/store.ts';
import { keepNewest } from '../keep-newest.ts';
import { digestToken, keyFor, type Secrets } from '../server-secret.ts';

/** Whoever a token says it is. */
export interface KnownDevice {
  readonly id: string;
  readonly ownerId: string | null;
  readonly epoch: number;
  readonly revoked: boolean;
  readonly requiresSignature: boolean;
  /** Of the token that it came with, under each secret that counts. */
  readonly tokenDigests: readonly Buffer[];
}

export interface NewToken {
  readonly token: string;
  readonly digest: Buffer;
}

/** What lets devices in. A token is told once; the store has its digest under the server's secret. */
export interface DeviceTokens {
  make(): NewToken;
  /** Null for a token that nobody has. What is answered may be as old as `REMEMBERED_MS`. */
  find(token: string): Promise<KnownDevice | null>;
  /** Whether the device is one that may come in, asked of the store. */
  isActive(deviceId: string): Promise<boolean>;
  /**
   * A new token for the device, or null when it has none to replace. The one it has lets in until the new one is first
   * used: the answer may be lost on its way, and be asked for again.
   */
  rotate(deviceId: string): Promise<NewToken | null>;
}

/** A device that uploads asks five times a second who it is. A token that is revoked lets in for so long still. */
const REMEMBERED_MS = 3_000;
const REMEMBERED_MAX = 10_000;
const FORMER_TOKEN_MS = 7 * 24 * 3_600_000;
const BATCH_MAX = 200;
const TOKEN_BYTES = 32;
const FORM = /^devtok_[\w-]{43}$/;

const sql = {
  find: statement(import.meta.url, './sql/find-device-by-token.sql'),
  isActive: statement(import.meta.url, './sql/is-active-device.sql'),
  rotate: statement(import.meta.url, './sql/rotate-token.sql'),
  retireFormer: statement(import.meta.url, './sql/retire-former-token.sql'),
  renew: statement(import.meta.url, './sql/renew-token-digest.sql'),
};

interface DeviceRow {
  readonly place: number;
  readonly id: string;
  readonly owner_id: string | null;
  readonly epoch: number;
  readonly revoked: boolean;
  readonly requires_signature: boolean;
  readonly token_digest: Buffer;
  readonly former_token_digest: Buffer | null;
}

interface Remembered {
  readonly device: Promise<KnownDevice | null>;
  readonly untilMs: number;
}

export function createDeviceTokens({
  store,
  secrets,
  nowMs,
}: {
  readonly store: Queryable;
  readonly secrets: Secrets;
  readonly nowMs: () => number;
}): DeviceTokens {
  const [inForce, ...before] = secrets;
  const keyInForce = keyFor('device tokens', inForce);
  const keys = [keyInForce, ...before.map((secret) => keyFor('device tokens', secret))];
  const remembered = new Map<string, Remembered>();

  const look = coalesce(async (digests: readonly Buffer[]) => {
    const rows = await store.run<DeviceRow>(sql.find, [digests, new Date(nowMs())]);
    const found = new Map(rows.map((row) => [row.place, row]));
    return digests.map((_, at) => found.get(at + 1) ?? null);
  }, BATCH_MAX);

  async function ask(token: string): Promise<KnownDevice | null> {
    const tokenDigests = keys.map((key) => digestToken(key, token));
    for (const digest of tokenDigests) {
      const row = await look(digest);
      if (!row) continue;
      const { id, owner_id: ownerId, epoch, revoked, requires_signature: requiresSignature } = row;
      const isNewest = timingSafeEqual(row.token_digest, digest);
      if (!isNewest && !(row.former_token_digest && timingSafeEqual(row.former_token_digest, digest))) continue;
      // From now on it is known by the secret in force.
      if (digest !== tokenDigests[0]) await store.run(sql.renew, [id, digest, tokenDigests[0]]);
      // The device has its new token, so nobody needs the one before.
      else if (isNewest && row.former_token_digest) await store.run(sql.retireFormer, [id, digest]);
      return { id, ownerId, epoch, revoked, requiresSignature, tokenDigests };
    }
    return null;
  }

  function remember(name: string, device: Promise<KnownDevice | null>): void {
    keepNewest(remembered, name, { device, untilMs: nowMs() + REMEMBERED_MS }, REMEMBERED_MAX);
    // An outage is no answer to remember.
    device.catch(() => remembered.delete(name));
  }

  const make = (): NewToken => {
    const token = `devtok_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    return { token, digest: digestToken(keyInForce, token) };
  };

  return {
    make,

    async find(token) {
      if (!FORM.test(token)) return null;
      // Enough to know a token again by, at a fraction of what its digest under the key costs.
      const name = hash('sha256', token, 'base64');
      const known = remembered.get(name);
      if (known && known.untilMs > nowMs()) return known.device;
      const device = ask(token);
      remember(name, device);
      return device;
    },

    isActive: async (deviceId) => (await store.run(sql.isActive, [deviceId])).length > 0,

    async rotate(deviceId) {
      const made = make();
      const now = nowMs();
      const rows = await store.run(sql.rotate, [deviceId, made.digest, new Date(now), new Date(now + FORMER_TOKEN_MS)]);
      return rows.length > 0 ? made : null;
    },
  };
}
