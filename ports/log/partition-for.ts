/**
 * Kafka's default partitioner (murmur2), so that a device lies in the same partition whichever log it is written to,
 * and whichever client writes it.
 */
export function partitionFor(key: string, partitionCount: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitionCount;
}

const SEED = 0x9747b28c;
const FACTOR = 0x5bd1e995;

function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length;
  const wholeWords = bytes.length - (bytes.length % 4);
  for (let at = 0; at < wholeWords; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), FACTOR);
    word = Math.imul(word ^ (word >>> 24), FACTOR);
    hash = Math.imul(hash, FACTOR) ^ word;
  }
  const rest = bytes.length - wholeWords;
  if (rest > 0) {
    hash = Math.imul(hash ^ bytes.readUIntLE(wholeWords, rest), FACTOR);
  }
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR);
  return hash ^ (hash >>> 15);
}
