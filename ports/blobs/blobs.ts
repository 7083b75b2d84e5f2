import type { Room } from '../room.ts';

/**
 * Blobs: named bytes, written once and read whole.
 *
 * What every adapter promises, and `blobs.contract.ts` checks:
 *
 *  1. `put` resolves only when the bytes are durable. A reader sees all of a blob or none of it, whatever dies when.
 *  2. Of any number of `put`s of one key at once, one answers 'stored' and the others 'exists'; a stored blob is
 *     never changed by a later `put`. 'exists' does not say whose it is: it may be the caller's own, from a try that
 *     died, or whose answer was lost. Who must know compares the bytes.
 *  3. A key is a relative path of plain segments (letters, digits, `. _ - =`), no segment `.` or `..`; any other key
 *     is refused with `TypeError`, before anything is touched.
 *  4. `list` gives the keys below a prefix in ascending order of their UTF-16 code units, each that was there
 *     throughout exactly once.
 *  5. A store that cannot be reached, or is full, is an `Outage`. A blob that is not there is `null`, not an error.
 *  6. `health` asks the store itself, changes nothing in it, and takes as long however many blobs there are. A store
 *     that is full still answers; one that does not is an `Outage`.
 */
export interface Blobs {
  put(key: string, bytes: Buffer): Promise<'stored' | 'exists'>;
  get(key: string): Promise<Buffer | null>;
  head(key: string): Promise<BlobHead | null>;
  list(prefix: string): AsyncIterable<string>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Whether blobs can be written just now, for health checks; throws `Outage` when not. */
  check(): Promise<void>;
  health(): Promise<BlobsHealth>;
}

/** What a store knows of itself. */
export interface BlobsHealth {
  /** Null where it does not know: a server has disks of its own. */
  readonly room: Room | null;
}

export interface BlobHead {
  readonly sizeBytes: number;
  readonly storedAtMs: number;
}

const SEGMENT = /^[\w.=-]{1,200}$/;

export function isKey(key: string): boolean {
  const segments = key.split('/');
  const plain = segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..');
  return plain && key.length <= 900;
}

export function requireKey(key: string): void {
  if (!isKey(key)) throw new TypeError(`not a blob key: ${JSON.stringify(key.slice(0, 200))}`);
}
