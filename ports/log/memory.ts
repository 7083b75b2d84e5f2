import type { Clock } from '../clock/clock.ts';
import { Arrivals } from './arrivals.ts';
import { consumeAll, Fenced, type Partitions, type Place } from './consume-partition.ts';
import type { Log, LogRecord, PartitionLag, StoredRecord } from './log.ts';
import { partitionFor } from './partition-for.ts';

export interface MemoryLogOptions {
  readonly partitionCount: number;
  readonly clock: Clock;
  /** Topics of which only the newest record of a key counts. */
  readonly compacted?: readonly string[];
}

/** The log for unit tests: the same promises as the others, but for the durability. */
export function createMemoryLog({ partitionCount, clock, compacted = [] }: MemoryLogOptions): Log {
  const topics = new Map<string, StoredRecord[][]>();
  const offsets = new Map<string, bigint>();
  const arrivals = new Arrivals();

  const recordsOf = (topic: string, partition: number): StoredRecord[] => {
    const partitions = topics.get(topic) ?? Array.from({ length: partitionCount }, () => []);
    topics.set(topic, partitions);
    return partitions[partition] ?? [];
  };
  const nameOf = ({ group, topic, partition }: Place) => `${group} ${topic} ${partition}`;
  const write = (topic: string, partition: number, record: LogRecord) => {
    const records = recordsOf(topic, partition);
    records.push({ ...record, offset: BigInt(records.length), appendedAtMs: clock.nowMs() });
    arrivals.tell(topic, partition);
  };

  const partitions: Partitions = {
    partitionCount: () => partitionCount,
    arrivals,
    take: async (place) => offsets.get(nameOf(place)) ?? 0n,
    async *changelog(topic, partition) {
      const newest = new Map(recordsOf(topic, partition).map((record) => [record.key, record]));
      for (const record of newest.values()) if (record.value !== null) yield record;
    },
    read: async ({ topic, partition }, from, recordsMax) =>
      recordsOf(topic, partition).slice(Number(from), Number(from) + recordsMax),
    commit: async (place, { expected, next, outputs }) => {
      if ((offsets.get(nameOf(place)) ?? 0n) !== expected) throw new Fenced(place);
      offsets.set(nameOf(place), next);
      for (const { topic, partition, record } of outputs) write(topic, partition, record);
    },
  };

  return {
    append: async (topic, records) => {
      for (const record of records) {
        if (record.value === null && !compacted.includes(topic)) throw new TypeError(`${topic} takes no deletions`);
        write(topic, partitionFor(record.key, partitionCount), record);
      }
    },
    consume: (subscription, signal) => consumeAll(partitions, subscription, signal),
    lag: async (topic, group) =>
      Array.from({ length: partitionCount }, (_, partition): PartitionLag => {
        const records = recordsOf(topic, partition);
        const committed = offsets.get(nameOf({ group, topic, partition })) ?? 0n;
        const oldest = records[Number(committed)];
        return {
          partition,
          committed,
          records: BigInt(records.length) - committed,
          ageMs: oldest ? clock.nowMs() - oldest.appendedAtMs : 0,
        };
      }),
    close: async () => undefined,
  };
}
