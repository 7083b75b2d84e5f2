import { type WriteBatch, writeTopic } from '../../../aggregator/write-topic.ts';
import { createWriters } from '../../../aggregator/writers.ts';
import type { StoredRecord } from '../../../ports/log/log.ts';
import type { Store } from '../../../ports/store/store.ts';
import { fixedCodec } from '../../../schemas/codec.ts';
import type { Event } from '../../../schemas/types.ts';
import { recordsOf } from './records.ts';

export interface Writing {
  /** Writes what was told, as the aggregator does, and answers how long that took. */
  write(events: readonly Event[]): Promise<number>;
}

const nothing = async function* () {};

/**
 * The aggregator without its log: records are decoded, written and their offset moved by its own code, each partition in
 * its order and all at once. Its clock is that of the newest record of a batch, as if all came as it happened.
 */
export async function createWriting({
  store,
  partitions,
  batchRecordsMax,
}: {
  readonly store: Store;
  readonly partitions: number;
  readonly batchRecordsMax: number;
}): Promise<Writing> {
  const lanes = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      let nowMs = 0;
      const writers = createWriters({ codec: fixedCodec, clock: { nowMs: () => nowMs } });
      const write: WriteBatch = async (transaction, batch) => {
        const [letter] = batch.poison;
        if (letter) throw new Error(`a record was not understood: ${letter.message}`);
        await writers.events(transaction, batch);
      };
      const ignore = () => undefined;
      const reading = { topic: 'events', store, codec: fixedCodec, batchRecordsMax, write };
      const subscription = writeTopic({ ...reading, onWritten: ignore, onTrouble: ignore });
      let { state } = await subscription.open({ partition, committed: 0n }, nothing());
      return {
        next: () => state,
        async write(all: readonly StoredRecord[]) {
          for (let at = 0; at < all.length; at += batchRecordsMax) {
            const records = all.slice(at, at + batchRecordsMax);
            const last = records.at(-1);
            if (!last) continue;
            nowMs = last.appendedAtMs;
            ({ state } = await subscription.step(state, { partition, records, readTo: last.offset + 1n }));
          }
        },
      };
    }),
  );

  return {
    async write(events) {
      const records = recordsOf(
        events,
        lanes.map(({ next }) => next()),
      );
      const startMs = performance.now();
      await Promise.all(lanes.map((lane, partition) => lane.write(records[partition] ?? [])));
      return performance.now() - startMs;
    },
  };
}
