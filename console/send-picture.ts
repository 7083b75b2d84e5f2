import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bytes, nothing } from '../http/answer-types.ts';
import { byteRange } from '../http/byte-range.ts';
import { namesTag } from '../http/entity-tag.ts';
import { Problem } from '../http/problem.ts';

/** What routes that answer a picture may answer, by its kinds. */
export function pictureAnswers(mediaTypes: readonly string[], description: string) {
  const content = Object.assign({}, ...mediaTypes.map((mediaType) => bytes(mediaType, description).content));
  return {
    200: { description, content },
    206: { description: 'The part of it that `Range` asks for.', content },
    304: nothing('It is the one that `If-None-Match` names.'),
  };
}

export function digestOf(picture: Buffer): string {
  return createHash('sha256').update(picture).digest('base64url');
}

/** What whoever asks has already, or a part of it, or the whole. */
export async function sendPicture(
  { headers }: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  {
    mediaType,
    tag,
    picture,
  }: {
    readonly mediaType: string;
    /** Equal bytes have equal ones, and others have others. */
    readonly tag: string;
    /** Asked for only if it is to be sent. */
    readonly picture: () => Promise<Buffer> | Buffer;
  },
): Promise<FastifyReply> {
  const etag = `"${tag}"`;
  // A picture never changes; it shows people, so only this browser may keep it.
  reply.header('etag', etag).header('cache-control', 'private, max-age=3600, immutable');
  if (namesTag(headers['if-none-match'], etag)) return reply.code(304).send();
  const whole = await picture();
  reply.type(mediaType).header('accept-ranges', 'bytes');
  const ifRange = headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? byteRange(headers.range, whole.length) : null;
  if (range === null) return reply.send(whole);
  if (range === 'unsatisfiable') {
    const told = { 'content-range': `bytes */${whole.length}` };
    throw new Problem({ status: 416, code: 'range-not-satisfiable', headers: told });
  }
  const { first, last } = range;
  reply.code(206).header('content-range', `bytes ${first}-${last}/${whole.length}`);
  return reply.send(whole.subarray(first, last + 1));
}
