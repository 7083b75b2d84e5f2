import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import { coalesce } from '../../coalesce.ts';
import { Outage } from '../../errors.ts';
import type { PlacedOutput } from '../consume-partition.ts';
import { asKafkaOutage } from './connect.ts';
import { sendAll } from './messages.ts';

export interface Appender {
  append(outputs: readonly PlacedOutput[]): Promise<void>;
  close(): Promise<void>;
}

const APPENDS_MAX = 500;

/**
 * Appends from outside any partition: what ingest does. One send is under way at a time, so that records keep their
 * order, and the producer is not idempotent: kafkajs takes a failed send's sequence numbers for the next records, which
 * the broker then answers for as repetitions of the first, and they are lost. Repeated records are dropped by identity.
 */
export async function openAppender(kafka: Kafka): Promise<Appender> {
  let producer: Producer | null = await connectProducer(kafka);

  const append = coalesce(async (appends: readonly (readonly PlacedOutput[])[]) => {
    try {
      producer ??= await connectProducer(kafka);
      await sendAll(producer.sendBatch, appends.flat());
    } catch (error) {
      // Whatever state the failure has left it in, the next append begins with new connections.
      await producer?.disconnect().catch(() => undefined);
      producer = null;
      throw asOutage(error);
    }
    return appends.map(() => undefined);
  }, APPENDS_MAX);

  return {
    append: (outputs) => append(outputs),
    close: async () => {
      await producer?.disconnect();
    },
  };
}

/** kafkajs also fails with plain errors when a connection was cut at the wrong moment; a fault of ours is a TypeError. */
function asOutage(error: unknown): unknown {
  const known = asKafkaOutage(error);
  if (!(known instanceof Error) || known instanceof Outage || known instanceof TypeError) return known;
  return known.name.startsWith('KafkaJS') ? known : new Outage('Kafka', known);
}

async function connectProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: false,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
}
