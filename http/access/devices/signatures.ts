import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { statement } from '../../../ports/store/statement.ts';
import type { Queryable } from '../../../ports/store/store.ts';
import { Problem } from '../../problem.ts';
import { keyFor, type Secrets } from '../server-secret.ts';

type SignedRequest = Pick<FastifyRequest, 'method' | 'url' | 'headers' | 'raw'>;

/**
 * What a device adds to its token, if it is asked to: an HMAC-SHA-256 over method, path, time, seq and the body's
 * SHA-256. Whoever has only listened, or has the token alone, can neither change a request nor send it again.
 */
export interface Signatures {
  /** What a device signs with that is given a token now; it follows from the token, and so changes with it. */
  keyOf(tokenDigest: Buffer): string;
  /**
   * Checks all that the headers say, by the key that the device was given: under the secret in force, or the one before.
   * The body is yet to come: `requireBody`, to be called before anything is done with it, waits for its end and compares.
   */
  check(request: SignedRequest, deviceId: string, tokenDigests: readonly Buffer[]): Promise<SignedBody>;
}

export interface SignedBody {
  requireBody(): Promise<void>;
}

const WINDOW_MS = 300_000;
const HEX_256 = /^[\da-f]{64}$/i;

const note = statement(import.meta.url, './sql/note-signature.sql');

export function createSignatures({
  store,
  secrets,
  nowMs,
}: {
  readonly store: Queryable;
  readonly secrets: Secrets;
  readonly nowMs: () => number;
}): Signatures {
  const keysUnder = (secret: string) => {
    const masterKey = keyFor('request signatures', secret);
    return (tokenDigest: Buffer) => createHmac('sha256', masterKey).update(tokenDigest).digest('base64url');
  };
  const [inForce, ...before] = secrets;
  const keyOf = keysUnder(inForce);
  const all = [keyOf, ...before.map(keysUnder)];

  return {
    keyOf,

    async check({ method, url, headers, raw }, deviceId, tokenDigests) {
      // Before the first byte is read, and without having any read: two listeners are told of the same bytes.
      const hash = createHash('sha256');
      raw.pause();
      raw.on('data', (chunk: Buffer) => hash.update(chunk));

      const time = headerOf(headers, 'x-signature-time');
      const seq = headerOf(headers, 'x-signature-seq');
      const body = headerOf(headers, 'x-content-sha256');
      const stated = headerOf(headers, 'x-signature');
      if (!/^\d{1,15}$/.test(time) || !/^[\w-]{1,64}$/.test(seq) || !HEX_256.test(body) || !HEX_256.test(stated)) {
        throw refused('signature-missing', 'Send X-Signature, X-Signature-Time, X-Signature-Seq and X-Content-SHA256.');
      }
      const signed = [method, url, time, seq, body.toLowerCase()].join('\n');
      const expected = all
        .flatMap((keyFrom, at) => tokenDigests.slice(at, at + 1).map(keyFrom))
        .map((key) => createHmac('sha256', key).update(signed).digest())
        .find((one) => timingSafeEqual(one, Buffer.from(stated, 'hex')));
      if (!expected) {
        throw refused('wrong-signature', 'X-Signature is not that of method, path, time, seq and X-Content-SHA256.');
      }
      const now = nowMs();
      if (Math.abs(Number(time) - now) > WINDOW_MS) {
        const detail = `X-Signature-Time must be within ${WINDOW_MS / 1_000} s of ${now}; GET /api/v1/time tells it.`;
        throw refused('signature-expired', detail);
      }
      // For as long as its own time is within the window.
      const forgetAt = new Date(Number(time) + WINDOW_MS + 1_000);
      const rows = await store.run(note, [deviceId, expected, new Date(now), forgetAt]);
      if (rows.length === 0) throw refused('replayed', 'This very request has come before. Sign it anew.');

      return {
        async requireBody() {
          raw.resume();
          await finished(raw, { writable: false });
          if (hash.copy().digest('hex') !== body.toLowerCase()) {
            throw refused('wrong-body', 'The body is not the one of X-Content-SHA256.');
          }
        },
      };
    },
  };
}

function headerOf(headers: SignedRequest['headers'], name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function refused(code: string, detail: string): Problem {
  return new Problem({ status: 403, code, title: 'Not signed as it must be', detail });
}
