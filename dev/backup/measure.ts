import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

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

/** Null of one that cannot be read. */
export async function sha256OfFile(path: string): Promise<string | null> {
  const measure = createMeasure();
  return pipeline(createReadStream(path), measure.stream.resume()).then(measure.sha256, () => null);
}
