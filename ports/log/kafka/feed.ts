import type { StoredRecord } from '../log.ts';

/** What a feed needs of the consumer, for its own partition. */
export interface FeedControl {
  seek(offset: bigint): void;
  pause(): void;
  resume(): void;
}

/** What a fetch has brought, transaction markers and given-up records left out of `records` but not of the offsets. */
export interface Fetched {
  readonly records: readonly StoredRecord[];
  readonly first: bigint;
  readonly next: bigint;
}

/**
 * Records of one partition between the consumer, which fetches for all of them in one loop and must not be held up, and
 * the partition's own loop, which takes them in its time. Full, it pauses the fetching.
 */
export interface Feed {
  /** Stops fetching and forgets what is here. */
  hold(): void;
  /** Begins to fetch at this offset, whatever was fetched before. */
  begin(from: bigint): void;
  /** Whether what comes next is what lies at this offset: else it takes a new beginning. */
  standsAt(from: bigint): boolean;
  take(recordsMax: number): readonly StoredRecord[];
  push(fetched: Fetched): void;
  /** The offset up to which everything has been taken, markers included; null while records wait or none is known. */
  takenUpTo(): bigint | null;
}

export interface FeedOptions {
  readonly queueMax: number;
  /** Of what waits here, and of what is taken at once; a single record may be larger. */
  readonly bytesMax: number;
  /** Whether every offset is there, as in topics that are not compacted. */
  readonly gapless: boolean;
}

export function createFeed(control: FeedControl, { queueMax, bytesMax, gapless }: FeedOptions): Feed {
  let queue: StoredRecord[] = [];
  let queueBytes = 0;
  /** Where the consumer is to go on, and where the partition's loop is; null while nothing is to be fetched. */
  let fetchedTo: bigint | null = null;
  let takenTo: bigint | null = null;
  let paused = true;
  /** What is fetched now does not follow on what is here, which is taken before a new beginning. */
  let broken = false;
  /** Where that was: a gap that is still there after a new beginning is the log's own. */
  let gapAt: bigint | null = null;

  function hold(): void {
    control.pause();
    paused = true;
    queue = [];
    queueBytes = 0;
    fetchedTo = null;
    takenTo = null;
    broken = false;
  }

  return {
    hold,

    begin(from) {
      queue = [];
      queueBytes = 0;
      fetchedTo = from;
      takenTo = from;
      broken = false;
      control.seek(from);
      control.resume();
      paused = false;
    },

    standsAt: (from) => takenTo === from && !(broken && queue.length === 0),

    take(recordsMax) {
      let count = 0;
      let bytes = 0;
      for (const record of queue.slice(0, recordsMax)) {
        if (count > 0 && bytes + sizeOf(record) > bytesMax) break;
        bytes += sizeOf(record);
        count += 1;
      }
      const records = queue.splice(0, count);
      queueBytes -= bytes;
      const last = records.at(-1);
      if (last) takenTo = last.offset + 1n;
      if (paused && queue.length < queueMax && queueBytes < bytesMax) {
        control.resume();
        paused = false;
      }
      return records;
    },

    push({ records, first, next }) {
      if (fetchedTo === null || broken || next <= fetchedTo) return;
      const from = fetchedTo;
      if (gapless && first > from && gapAt !== from) {
        // Of a fetch from before a seek, or from behind records that were deleted: to go on from here would be to step
        // over what lies in between. Whoever reads begins anew, and finds out which it is.
        gapAt = from;
        broken = true;
        return;
      }
      // What comes again, after a look at the brokers has changed, has been taken.
      for (const record of records) {
        if (record.offset < from) continue;
        queue.push(record);
        queueBytes += sizeOf(record);
      }
      fetchedTo = next;
      if (!paused && (queue.length >= queueMax || queueBytes >= bytesMax)) {
        control.pause();
        paused = true;
      }
    },

    takenUpTo: () => (queue.length === 0 ? fetchedTo : null),
  };
}

function sizeOf({ key, value }: StoredRecord): number {
  return key.length + (value?.length ?? 0);
}
