import type { Clock } from '../clock/clock.ts';
import { type Blobs, requireKey } from './blobs.ts';

/** Blobs for unit tests: the same promises as the others, but for the durability. */
export function createMemoryBlobs({ clock }: { readonly clock: Clock }): Blobs {
  const blobs = new Map<string, { bytes: Buffer; storedAtMs: number }>();
  return {
    async put(key, bytes) {
      requireKey(key);
      if (blobs.has(key)) return 'exists';
      blobs.set(key, { bytes: Buffer.from(bytes), storedAtMs: clock.nowMs() });
      return 'stored';
    },
    async get(key) {
      requireKey(key);
      const blob = blobs.get(key);
      return blob ? Buffer.from(blob.bytes) : null;
    },
    async head(key) {
      requireKey(key);
      const blob = blobs.get(key);
      return blob ? { sizeBytes: blob.bytes.length, storedAtMs: blob.storedAtMs } : null;
    },
    async *list(prefix) {
      for (const key of [...blobs.keys()].sort()) if (key.startsWith(prefix)) yield key;
    },
    async delete(key) {
      requireKey(key);
      blobs.delete(key);
    },
    check: async () => undefined,
    health: async () => ({ room: null }),
  };
}
