import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Lets bytes through, and says how many they were and what they come to. */
export interface Measure {
  readonly stream: Transform;
  bytes(): number;
  sha256(): string;
}

export function createMeasure(onBytes: (bytes: number) => void = () => undefined): Measure {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes, sha256: () => hash.digest('hex') };
}
