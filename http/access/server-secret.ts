import { createHmac, hkdfSync } from 'node:crypto';
import { Type } from 'typebox';

/** What all services of an installation share and nobody else knows. */
export const SECRET_CHARS_MIN = 32;

export const secretConfig = Type.Object({
  SERVER_SECRET: Type.String({
    minLength: SECRET_CHARS_MIN,
    maxLength: 500,
    description: 'Signs what people and devices show to be let in. Another one signs everybody out.',
  }),
});

/** The one that is rotated out, beside the one in force: what devices have, they need not be given anew. */
export const formerSecretConfig = Type.Object({
  SERVER_SECRET_BEFORE: Type.Optional(
    Type.String({
      minLength: SECRET_CHARS_MIN,
      maxLength: 500,
      description: 'What SERVER_SECRET was before, while devices still come with what they were given under it.',
    }),
  ),
});

/** The one in force, and the one before it while that still counts. */
export type Secrets = readonly [inForce: string, ...before: string[]];

type Purpose =
  | 'access tokens'
  | 'refresh tokens'
  | 'successors of refresh tokens'
  | 'device tokens'
  | 'pairing codes'
  | 'upload urls'
  | 'request signatures';

/** Each purpose has a key of its own, so that what is made for one is worth nothing for another. */
export function keyFor(purpose: Purpose, secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'passerby', purpose, 32));
}

/** A token is random enough that its digest needs no salt; the key makes a copy of the table worthless. */
export function digestToken(key: Buffer, token: string): Buffer {
  return createHmac('sha256', key).update(token).digest();
}
