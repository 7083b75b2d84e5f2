/**
 * Memory for pixels, used again. A decoded picture is a megabyte: taken anew for each of them, it would have the garbage
 * collector go over the whole heap every few dozen frames. Threads share it, so that a picture need not be copied for
 * the one that looks at it.
 */
export interface PixelMemory {
  /** Of exactly so many bytes, whatever is in them. */
  take(bytes: number): Buffer;
  /** For others to use. What is never given back is simply garbage. */
  giveBack(memory: Buffer): void;
}

/** Of a few sizes, as cameras differ; of more, those that have waited longest go. */
const KEPT_MAX = 16;

export function createPixelMemory(): PixelMemory {
  const kept: Buffer[] = [];
  return {
    take(bytes) {
      const at = kept.findIndex(({ length }) => length === bytes);
      return at < 0 ? Buffer.from(new SharedArrayBuffer(bytes)) : (kept.splice(at, 1)[0] as Buffer);
    },
    giveBack(memory) {
      if (kept.includes(memory)) return;
      if (kept.push(memory) > KEPT_MAX) kept.shift();
    },
  };
}
