import type { Consumer, Kafka } from 'kafkajs';
import type { Arrivals } from '../arrivals.ts';
import { Fenced, type Partitions, type Place, type PlacedOutput } from '../consume-partition.ts';
import type { StoredRecord, Subscription } from '../log.ts';
import { createBarrier } from './barrier.ts';
import { withOutages } from './connect.ts';
import type { Feed } from './feed.ts';
import { createPartitionWriter } from './partition-writer.ts';

/** Where partitions begin and end, and where groups stand in them. */
export interface Positions {
  ends(topic: string, partition: number): Promise<{ readonly low: bigint; readonly high: bigint }>;
  /** The first record that was appended after this time, or the end. */
  firstAfter(topic: string, partition: number, timeMs: number): Promise<bigint>;
  /** Null where the group has committed nothing. */
  committed(place: Place): Promise<bigint | null>;
  /** Tells of records that were deleted before they were read. */
  onLost(place: Place, records: bigint): void;
}

export interface OwnerDependencies {
  readonly kafka: Kafka;
  readonly positions: Positions;
  partitionCount(topic: string): number;
}

interface Ownership {
  readonly partition: number;
  readonly consumer: Consumer;
  readonly arrivals: Arrivals;
  /** Aborts when the partition is given to somebody else. */
  readonly revoked: AbortSignal;
  readonly feed: Feed;
  readonly changelogFeed?: Feed;
}

const RESTORE_BATCH = 100;
const RESTORE_LOOK_AGAIN_MS = 5_000;
/** How often, at most, a reader that has caught up says that it has also passed the markers of transactions. */
const PASS_EVERY_MS = 250;

/** One partition as long as it is this member's: what the common loop needs, done with a consumer and a producer. */
export function createOwned<State>(
  { kafka, positions, partitionCount }: OwnerDependencies,
  { topic, group, changelog, writes = [] }: Subscription<State>,
  { partition, consumer, arrivals, revoked, feed, changelogFeed }: Ownership,
): Partitions & { close(): Promise<void> } {
  const place: Place = { group, topic, partition };
  // A reader that writes nothing needs no transactions; its offsets are there for its lag to be seen.
  const writer = writes.length > 0 || changelog ? createPartitionWriter(kafka, place) : null;
  let stands = 0n;
  let passedAtMs = 0;

  async function commit(next: bigint, outputs: readonly PlacedOutput[]): Promise<void> {
    if (revoked.aborted && !writer) throw new Fenced(place);
    if (writer) await writer.commit(next, outputs);
    else await consumer.commitOffsets([{ topic, partition, offset: String(next) }]);
    stands = next;
  }

  /** Otherwise the marker behind the last record would look like a record that waits. */
  async function passMarkers(): Promise<void> {
    const taken = feed.takenUpTo();
    if (taken === null || taken <= stands) return;
    const waitMs = passedAtMs + PASS_EVERY_MS - performance.now();
    if (waitMs > 0) {
      setTimeout(() => arrivals.tell(topic, partition), waitMs).unref();
      return;
    }
    passedAtMs = performance.now();
    await commit(taken, []);
  }

  /** Where the records begin, where the reader stands before them: what lay in between is gone, and was told of. */
  let skipped: { readonly from: bigint; readonly to: bigint } | null = null;

  async function begin(from: bigint): Promise<void> {
    const { low, high } = await positions.ends(topic, partition);
    if (from > high) {
      throw new Error(
        `${group} stands at ${from} of ${topic}/${partition}, which ends at ${high}: is it another Kafka?`,
      );
    }
    if (from < low) {
      positions.onLost(place, low - from);
      skipped = { from, to: low };
    }
    feed.begin(from < low ? low : from);
  }

  return {
    arrivals,
    partitionCount,

    take: () =>
      withOutages(async () => {
        feed.hold();
        await writer?.take();
        // Only now: what was committed when the group was joined may have moved since.
        stands = (await positions.committed(place)) ?? (await positions.ends(topic, partition)).low;
        return stands;
      }),

    async *changelog(name) {
      if (!changelogFeed || !writer) return;
      const barrier = createBarrier(name, partition, group);
      const newest = new Map<string, StoredRecord>();
      try {
        await withOutages(() => writer.write([barrier.output]));
        const { low } = await withOutages(() => positions.ends(name, partition));
        for (let from = low, done = false; !done; ) {
          const count = arrivals.count(name, partition);
          if (!changelogFeed.standsAt(from)) changelogFeed.begin(from);
          const records = changelogFeed.take(RESTORE_BATCH);
          if (records.length === 0) {
            await arrivals.wait({ topic: name, partition }, count, { msMax: RESTORE_LOOK_AGAIN_MS, signal: revoked });
          }
          if (revoked.aborted) throw new Fenced(place);
          for (const record of records) {
            done ||= barrier.isIn(record);
            from = record.offset + 1n;
            if (record.value === null) newest.delete(record.key);
            else newest.set(record.key, record);
          }
        }
      } finally {
        changelogFeed.hold();
      }
      yield* newest.values();
    },

    requireSame: (_place, from, readUntilMs) =>
      withOutages(async () => {
        // Times are the broker's: whatever is not older than all that was read lies behind it.
        const first = await positions.firstAfter(topic, partition, readUntilMs);
        if (first >= from) return;
        throw new Error(
          `${group} stands at ${from} of ${topic}/${partition}, but what lies before it is younger than what it has ` +
            "read: the topic was made anew, or is another Kafka's. To read it from its beginning, delete its rows from " +
            'consumer_offsets.',
        );
      }),

    read: (_place, from, recordsMax) =>
      withOutages(async () => {
        const at = skipped?.from === from ? skipped.to : from;
        if (!feed.standsAt(at)) await begin(at);
        const records = feed.take(recordsMax);
        // Where something was put off, the group stands before what has been read, and is to stay there.
        if (records.length === 0 && stands >= from) await passMarkers();
        return records;
      }),

    commit: (_place, { next, outputs }) => withOutages(() => commit(next, outputs)),

    async close() {
      await writer?.close().catch(() => undefined);
    },
  };
}
