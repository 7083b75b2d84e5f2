import type { Multipart } from '@fastify/multipart';
import { Problem } from '../http/problem.ts';
import type { Fault } from '../http/validation.ts';
import { type FrameMeta, readMeta } from './frame-meta.ts';

export const META_BYTES_MAX = 8_192;

/** The part `meta`: a form field, which the parser has read already if it says that it is JSON; some send it as a file. */
export async function readMetaPart(part: Multipart): Promise<FrameMeta | readonly Fault[]> {
  if (part.type === 'field') {
    if (part.valueTruncated) throw metaTooLarge();
    return readMeta(part.value);
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of part.file) {
    sizeBytes += chunk.length;
    if (sizeBytes > META_BYTES_MAX) throw metaTooLarge();
    chunks.push(chunk);
  }
  return readMeta(Buffer.concat(chunks).toString('utf8'));
}

function metaTooLarge(): Problem {
  return new Problem({ status: 413, code: 'meta-too-large', detail: `meta may have ${META_BYTES_MAX} bytes.` });
}
