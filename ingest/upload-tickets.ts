import { createHmac, timingSafeEqual } from 'node:crypto';
import { keyFor } from '../http/access/server-secret.ts';

/** What one picture may be put under, and until when. */
export interface UploadTicket {
  readonly objectKey: string;
  readonly expiresAtMs: number;
}

/** Signs the addresses that devices put pictures to, so that whoever has one needs no other credential. */
export interface UploadTickets {
  sign(ticket: UploadTicket): string;
  isSigned(ticket: UploadTicket, signature: string): boolean;
}

export function createUploadTickets({ secret }: { readonly secret: string }): UploadTickets {
  const key = keyFor('upload urls', secret);
  const digestOf = ({ objectKey, expiresAtMs }: UploadTicket) =>
    createHmac('sha256', key)
      .update(JSON.stringify(['PUT', objectKey, expiresAtMs]))
      .digest();
  return {
    sign: (ticket) => digestOf(ticket).toString('base64url'),
    isSigned(ticket, signature) {
      const [stated, expected] = [Buffer.from(signature, 'base64url'), digestOf(ticket)];
      return stated.length === expected.length && timingSafeEqual(stated, expected);
    },
  };
}
