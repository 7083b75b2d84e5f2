import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.ts';
import { tooLarge } from './read-jpeg.ts';

/** What the headers of a request say of its body, before any of it is read. */
type Announced = Pick<FastifyRequest, 'headers'>;

/** Boundaries, part headers, and the odd form field beside the picture. */
const MULTIPART_OVERHEAD_BYTES = 16_384;

/** For requests with one picture. */
export function refuseAnnounced({ headers }: Announced, frameBytesMax: number): void {
  if (Number(headers['content-length']) > frameBytesMax + MULTIPART_OVERHEAD_BYTES) throw tooLarge(frameBytesMax);
}

export function announcedBytes({ headers }: Announced, frameBytesMax: number): number {
  const announced = Number(headers['content-length']);
  return Number.isSafeInteger(announced) ? Math.min(announced, frameBytesMax) : frameBytesMax;
}

export function requireMultipart(request: Pick<FastifyRequest, 'isMultipart'>, parts: string): void {
  if (request.isMultipart()) return;
  const detail = `Send multipart/form-data with ${parts}.`;
  throw new Problem({ status: 415, code: 'not-multipart', title: 'Not multipart', detail });
}
