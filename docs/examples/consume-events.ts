/**
 * Prints what happened in front of the cameras, one JSON object a line, from the beginning and then as it comes.
 *
 * npm install kafkajs@2.2.4 avsc@5.7.9 tsx
 * KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 npx tsx consume-events.ts [topic] [group]
 */
import avro, { type Type } from 'avsc';
import { Kafka, logLevel } from 'kafkajs';

const { KAFKA_BROKERS = '127.0.0.1:9092', SCHEMA_REGISTRY_URL = 'http://127.0.0.1:8081' } = process.env;
const [topic = 'events', groupId = 'my-events-in-typescript'] = process.argv.slice(2);

const types = new Map<number, Type>();

/** The type that a record was written with; an id never changes its meaning, so each is asked for once. */
async function typeOf(id: number): Promise<Type> {
  const known = types.get(id);
  if (known) return known;
  const answer = await fetch(`${SCHEMA_REGISTRY_URL}/schemas/ids/${id}`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`no schema ${id}: ${answer.status} ${await answer.text()}`);
  const { schema } = (await answer.json()) as { schema: string };
  const type = avro.Type.forSchema(JSON.parse(schema));
  types.set(id, type);
  return type;
}

const kafka = new Kafka({ clientId: 'my-events', brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({
  groupId,
  // Records of a transaction that was given up are in the topic too, and did not happen.
  readUncommitted: false,
});

// After some errors kafkajs stops reading and the program would live on, deaf.
consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
  if (restart) return;
  console.error(error);
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await consumer.disconnect();
    process.exit(0);
  });
}

async function consume(): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    // The place is kept once a record is dealt with: what throws here is read again.
    eachMessage: async ({ message: { value } }) => {
      // In compacted topics a record without a value says that its key is gone.
      if (value === null) return;
      if (value.length < 5 || value[0] !== 0) throw new Error('a record begins with a zero and a schema id');
      const type = await typeOf(value.readInt32BE(1));
      const record = type.fromBuffer(value.subarray(5));
      // Where a database takes the place of this line: insert by event_id, and replace only a lower version.
      console.log(JSON.stringify(record));
    },
  });
}

consume().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
