import type { KafkaMessage, RecordMetadata, TopicMessages } from 'kafkajs';
import { Outage } from '../../errors.ts';
import type { PlacedOutput } from '../consume-partition.ts';
import type { StoredRecord } from '../log.ts';

type Send = (batch: { acks: -1; timeout: number; topicMessages: TopicMessages[] }) => Promise<RecordMetadata[]>;

const ACKNOWLEDGED_WITHIN_MS = 5_000;
/** Brokers take batches of a MiB; what goes to a partition in one request is one batch. */
const BATCH_BYTES_MAX = 512 * 1_024;
const RECORD_OVERHEAD_BYTES = 64;

/** Sends all of it, in order and in batches that a broker takes, and makes sure that each partition has answered. */
export async function sendAll(send: Send, outputs: readonly PlacedOutput[]): Promise<void> {
  for (const batch of batchesOf(outputs)) await sendBatch(send, batch);
}

async function sendBatch(send: Send, outputs: readonly PlacedOutput[]): Promise<void> {
  const byTopic = new Map<string, TopicMessages['messages']>();
  for (const { topic, partition, record } of outputs) {
    const messages = byTopic.get(topic) ?? [];
    byTopic.set(topic, messages);
    const { key, value, headers } = record;
    messages.push({ key, value, partition, ...(headers && { headers: { ...headers } }) });
  }
  const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }));
  const answers = await send({ acks: -1, timeout: ACKNOWLEDGED_WITHIN_MS, topicMessages });
  // When a partition moves to a broker that has already answered for others, kafkajs takes that for its answer too.
  const answered = new Set(answers.map(({ topicName, partition }) => `${topicName}/${partition}`));
  const unanswered = outputs.find(({ topic, partition }) => !answered.has(`${topic}/${partition}`));
  if (unanswered) throw new Outage(`${unanswered.topic}/${unanswered.partition}`, 'no broker has answered for it');
}

function* batchesOf(outputs: readonly PlacedOutput[]): Generator<readonly PlacedOutput[]> {
  let batch: PlacedOutput[] = [];
  let bytes = new Map<string, number>();
  for (const output of outputs) {
    const partition = `${output.topic}/${output.partition}`;
    const more = (bytes.get(partition) ?? 0) + sizeOf(output);
    if (more > BATCH_BYTES_MAX && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = new Map();
    }
    batch.push(output);
    bytes.set(partition, (bytes.get(partition) ?? 0) + sizeOf(output));
  }
  if (batch.length > 0) yield batch;
}

function sizeOf({ record: { key, value, headers = {} } }: PlacedOutput): number {
  const texts = [key, ...Object.entries(headers).flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), (value?.length ?? 0) + RECORD_OVERHEAD_BYTES);
}

export function asStored({ key, value, headers = {}, offset, timestamp }: KafkaMessage): StoredRecord {
  const texts = Object.entries(headers).map(([name, text]) => [name, String(text)]);
  return {
    key: key?.toString() ?? '',
    value,
    offset: BigInt(offset),
    appendedAtMs: Number(timestamp),
    ...(texts.length > 0 && { headers: Object.fromEntries(texts) }),
  };
}
