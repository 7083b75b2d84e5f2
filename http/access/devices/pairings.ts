import { createHmac, randomInt, randomUUID, timingSafeEqual } from 'node:crypto';
import { takeLock } from '../../../ports/store/locks.ts';
import { statement } from '../../../ports/store/statement.ts';
import type { Queryable, Store } from '../../../ports/store/store.ts';
import { Problem } from '../../problem.ts';
import { createFailedTries, networkOf } from '../failed-tries.ts';
import { keyFor } from '../server-secret.ts';
import { tooManyTries } from '../sign-in.ts';
import type { DeviceTokens, NewToken } from './device-tokens.ts';

export interface NewPairing {
  /** Without one, the device is a new one and gets a UUID. */
  readonly deviceId?: string | undefined;
  readonly name?: string | undefined;
  readonly siteId?: string | undefined;
  /** Whose device it becomes; null for nobody's, which administrators see. */
  readonly ownerId: string | null;
  /** Whose devices the caller may set up anew; null for everybody's. */
  readonly fleetId: string | null;
}

export interface Pairing {
  readonly deviceId: string;
  /** Shown this once: the store has a digest of its secret part. */
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface Activation {
  readonly deviceId: string;
  readonly token: NewToken;
  readonly epoch: number;
}

/** How a device comes by its token: somebody who is signed in gets a code, and the device trades it in. */
export interface Pairings {
  pair(wanted: NewPairing): Promise<Pairing>;
  activate(code: string, address: string): Promise<Activation>;
}

const VALID_MS = 10 * 60_000;
/** Of one code: five guesses at one of 28 million. */
export const TRIES_MAX = 5;
const TRIES_OF_ADDRESS = 10;
/** Without the letters and digits that look alike: it is read off a screen and typed on a phone. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const SELECTOR_CHARS = 5;
const SECRET_CHARS = 5;
const FORM = new RegExp(`^[${ALPHABET}]{${SELECTOR_CHARS}}-[${ALPHABET}]{${SECRET_CHARS}}$`);

const sql = {
  find: statement(import.meta.url, './sql/find-device.sql'),
  count: statement(import.meta.url, './sql/count-devices.sql'),
  findSite: statement(import.meta.url, './sql/find-site.sql'),
  upsertDevice: statement(import.meta.url, './sql/upsert-device.sql'),
  upsertPairing: statement(import.meta.url, './sql/upsert-pairing.sql'),
  take: statement(import.meta.url, './sql/take-pairing.sql'),
  activate: statement(import.meta.url, './sql/activate-device.sql'),
};

interface FoundDevice {
  readonly owner_id: string | null;
  readonly deleted: boolean;
  readonly erased: boolean;
}

interface Dependencies {
  readonly store: Store;
  readonly secret: string;
  readonly tokens: Pick<DeviceTokens, 'make'>;
  readonly devicesMax: number;
  readonly nowMs: () => number;
}

export function createPairings({ store, secret, tokens, devicesMax, nowMs }: Dependencies): Pairings {
  const key = keyFor('pairing codes', secret);
  const digestOf = (code: string) => createHmac('sha256', key).update(code).digest();
  const byAddress = createFailedTries({ nowMs, freeTries: TRIES_OF_ADDRESS });

  async function requireRoom(transaction: Queryable, wanted: NewPairing, deviceId: string): Promise<void> {
    const [device] = await transaction.run<FoundDevice>(sql.find, [deviceId]);
    if (device && wanted.fleetId !== null && device.owner_id !== wanted.fleetId) throw idTaken(deviceId);
    if (device?.erased) throw erasedDevice(deviceId);
    if (wanted.siteId !== undefined) {
      const sites = await transaction.run(sql.findSite, [wanted.siteId, device?.owner_id ?? wanted.ownerId]);
      if (sites.length === 0) throw noSuchSite();
    }
    if (device && !device.deleted) return;
    const [{ count = 0 } = {}] = await transaction.run<{ count: number }>(sql.count);
    if (count >= devicesMax) throw tooManyDevices(devicesMax);
  }

  return {
    pair: (wanted) =>
      store.transaction(async (transaction) => {
        // One at a time: there may be one more device, and not two.
        await takeLock(transaction, 'pairing');
        const { deviceId = randomUUID(), name = null, siteId = null, ownerId } = wanted;
        await requireRoom(transaction, wanted, deviceId);
        const now = nowMs();
        await transaction.run(sql.upsertDevice, [deviceId, ownerId, name, siteId, new Date(now)]);
        const [selector, secretPart] = [randomCode(SELECTOR_CHARS), randomCode(SECRET_CHARS)];
        const expiresAtMs = now + VALID_MS;
        const code = `${selector}-${secretPart}`;
        const values = [deviceId, selector, digestOf(code), new Date(now), new Date(expiresAtMs)];
        await transaction.run(sql.upsertPairing, values);
        return { deviceId, code, expiresAtMs };
      }),

    async activate(typed, address) {
      const network = networkOf(address);
      const { waitMs } = byAddress.take(network);
      if (waitMs > 0) throw tooManyTries(waitMs);
      const code = normalise(typed);
      const activation = await tradeIn(code).catch((error) => {
        byAddress.undo(network);
        throw error;
      });
      if (!activation) throw wrongCode();
      byAddress.succeeded(network);
      return activation;
    },
  };

  async function tradeIn(code: string): Promise<Activation | null> {
    if (!FORM.test(code)) return null;
    const now = new Date(nowMs());
    const digest = digestOf(code);
    // The try is counted before it is looked at, so that guesses that are made at once are counted too.
    const taken = await store.run<{ device_id: string; secret_digest: Buffer }>(sql.take, [
      code.slice(0, SELECTOR_CHARS),
      now,
      TRIES_MAX,
    ]);
    const [pairing] = taken;
    if (!pairing || !timingSafeEqual(pairing.secret_digest, digest)) return null;
    const token = tokens.make();
    const values = [pairing.device_id, digest, token.digest, now];
    const [device] = await store.run<{ id: string; epoch: number }>(sql.activate, values);
    return device ? { deviceId: device.id, token, epoch: device.epoch } : null;
  }
}

function randomCode(chars: number): string {
  return Array.from({ length: chars }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** As somebody types it: in small letters, with blanks, without the dash. */
function normalise(typed: string): string {
  const chars = typed.toUpperCase().replace(/[\s-]/g, '');
  return `${chars.slice(0, SELECTOR_CHARS)}-${chars.slice(SELECTOR_CHARS)}`;
}

function wrongCode(): Problem {
  const detail =
    'No device waits for this code: it is mistyped, used already, tried too often, or older than 10 minutes.';
  return new Problem({ status: 403, code: 'wrong-pairing-code', title: 'Not a pairing code', detail });
}

function idTaken(deviceId: string): Problem {
  const detail = `${deviceId} is not among your devices, and cannot become one.`;
  return new Problem({ status: 409, code: 'device-id-taken', title: 'The device id is taken', detail });
}

function erasedDevice(deviceId: string): Problem {
  const detail = `${deviceId} was erased, and its id is over. Pair the device under another one.`;
  return new Problem({ status: 409, code: 'device-erased', title: 'The device was erased', detail });
}

function noSuchSite(): Problem {
  return new Problem({ status: 422, code: 'no-such-site', title: 'No such site', detail: 'You have no such site.' });
}

function tooManyDevices(devicesMax: number): Problem {
  const detail = `There are already ${devicesMax} devices (DEVICES_MAX). Delete one that is no longer used.`;
  return new Problem({ status: 403, code: 'too-many-devices', title: 'Too many devices', detail });
}
