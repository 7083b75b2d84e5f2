import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import pLimit from 'p-limit';
import { Problem } from '../problem.ts';

/** 32 MiB and some 80 ms of a core for each guess. */
const COST = { ln: 15, r: 8, p: 1 };
const MEMORY_MAX_BYTES = 64 * 1024 * 1024;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** No memory is spent on what nobody types. */
const PASSWORD_CHARS_MAX = 1_024;

/** `$scrypt$ln=15,r=8,p=1$salt$key`, so that hashes made under other costs stay readable. */
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/=]+)\$([\w+/=]+)$/;

/** The whole process's: a flood of guesses may cost 64 MiB and two cores, and no more. */
const limit = pLimit(2);
const WAITING_MAX = 32;

export async function hashPassword(password: string): Promise<string> {
  if (password.length > PASSWORD_CHARS_MAX)
    throw new RangeError(`a password has at most ${PASSWORD_CHARS_MAX} characters`);
  const salt = randomBytes(SALT_BYTES);
  return format(salt, await derive(password, { salt, ...COST }));
}

export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, ln, r, p, saltText, keyText] = FORM.exec(hash) ?? [];
  if (saltText === undefined || keyText === undefined || password.length > PASSWORD_CHARS_MAX) return false;
  const salt = Buffer.from(saltText, 'base64');
  const expected = Buffer.from(keyText, 'base64');
  const actual = await derive(password, { salt, ln: Number(ln), r: Number(r), p: Number(p) });
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** A hash that no password has, which takes as long to verify as any other. */
export function unmatchableHash(): string {
  return format(randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));
}

function format(salt: Buffer, key: Buffer): string {
  const { ln, r, p } = COST;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64')}$${key.toString('base64')}`;
}

interface Derivation {
  readonly salt: Buffer;
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

function derive(password: string, { salt, ln, r, p }: Derivation): Promise<Buffer> {
  if (limit.pendingCount >= WAITING_MAX) {
    const detail = 'Too many passwords are being checked. Try again in a moment.';
    throw new Problem({ status: 503, code: 'unavailable', detail, headers: { 'retry-after': '2' } });
  }
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: MEMORY_MAX_BYTES };
  // The same letters can be written in more than one way; keyboards differ in which they send.
  const text = password.normalize('NFC');
  return limit(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(text, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
      }),
  );
}
