import { type Kafka, Partitioners, type Producer, type Transaction } from 'kafkajs';
import type { Place, PlacedOutput } from '../consume-partition.ts';
import { groupId } from './group-id.ts';
import { sendAll } from './messages.ts';
import { untilServed } from './until-served.ts';

/**
 * What the owner of a partition writes: outputs and offset in one transaction. The transactional id is the partition's
 * own, so that whoever takes the partition ends the former owner's transaction and fences it off.
 */
export interface PartitionWriter {
  take(): Promise<void>;
  write(outputs: readonly PlacedOutput[]): Promise<void>;
  commit(next: bigint, outputs: readonly PlacedOutput[]): Promise<void>;
  close(): Promise<void>;
}

/** Longer than any commit takes; for so long a transaction that nobody takes over can hold up those who read it. */
const TRANSACTION_TIMEOUT_MS = 30_000;

export function createPartitionWriter(kafka: Kafka, place: Place): PartitionWriter {
  const { topic, partition } = place;
  let producer: Producer | null = null;

  async function close(): Promise<void> {
    const closing = producer;
    producer = null;
    await closing?.disconnect();
  }

  async function transact(work: (transaction: Transaction) => Promise<void>): Promise<void> {
    if (!producer) throw new Error(`${topic}/${partition} has not been taken`);
    const transaction = await producer.transaction();
    try {
      await work(transaction);
      await transaction.commit();
    } catch (error) {
      // Otherwise it would hold up those who read what it wrote to until somebody takes the partition.
      if (transaction.isActive()) await transaction.abort().catch(() => undefined);
      throw error;
    }
  }

  return {
    close,

    async take() {
      // A producer is never used again after a failure: its sequence numbers may be the wrong ones.
      await close();
      producer = kafka.producer({
        transactionalId: `${groupId(place)}.${partition}`,
        transactionTimeout: TRANSACTION_TIMEOUT_MS,
        idempotent: false, // Outside of transactions, where nothing is sent.
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      // The first transaction brings the epoch that fences; it returns when the former one is over, whichever way.
      await transact(async () => undefined);
    },

    write: (outputs) => transact((transaction) => sendAll(transaction.sendBatch, outputs)),

    commit(next, outputs) {
      const offsets = { topic, partitions: [{ partition, offset: String(next) }] };
      return transact(async (transaction) => {
        if (outputs.length > 0) await sendAll(transaction.sendBatch, outputs);
        await untilServed(() => transaction.sendOffsets({ consumerGroupId: groupId(place), topics: [offsets] }));
      });
    },
  };
}
