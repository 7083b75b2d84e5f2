import type { FastifyRequest } from 'fastify';
import type { PutAddress } from '../ports/blobs/s3-presign.ts';
import type { UploadTickets } from './upload-tickets.ts';

/** What one picture may be put under, and for how long. */
export interface Wanted {
  readonly objectKey: string;
  readonly contentType: string;
  readonly nowMs: number;
  readonly validMs: number;
}

/** Where a device may put a picture: an address that is signed, and over after a while. */
export type UploadPlaces = (wanted: Wanted, request: Pick<FastifyRequest, 'protocol' | 'host'>) => Promise<PutAddress>;

/** Here, which is all that a device needs to reach, and where the size is known before it is too late. */
export function placesHere(tickets: UploadTickets, publicUrl: string | undefined): UploadPlaces {
  return async ({ objectKey, contentType, nowMs, validMs }, { protocol, host }) => {
    const expiresAtMs = nowMs + validMs;
    const url = new URL(`/devices/objects/${objectKey}`, publicUrl ?? `${protocol}://${host}`);
    url.searchParams.set('expires', String(expiresAtMs));
    url.searchParams.set('signature', tickets.sign({ objectKey, expiresAtMs }));
    return { url: url.href, headers: { 'content-type': contentType } };
  };
}

/** At the S3 server itself. */
export function placesAtS3(presigner: {
  signPut(key: string, contentType: string, validS: number): Promise<PutAddress>;
}): UploadPlaces {
  return ({ objectKey, contentType, validMs }) => presigner.signPut(objectKey, contentType, Math.ceil(validMs / 1_000));
}
