import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { type Logger, pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createManualClock } from '../../clock/manual.ts';
import { systemClock } from '../../clock/system.ts';
import { Outage } from '../../errors.ts';
import { describeWith } from '../../servers-under-test.ts';
import { createKafkaLog, type KafkaLog } from '../kafka.ts';
import type { StoredRecord, Subscription, Trouble } from '../log.ts';
import { partitionFor } from '../partition-for.ts';
import { kafkaConfigOf } from './config-under-test.ts';
import { clientIdOf, connectKafka } from './connect.ts';
import { TopicMismatch } from './create-topics.ts';
import { groupId } from './group-id.ts';
import { createPartitionWriter } from './partition-writer.ts';

const PARTITIONS = 2;
const silent = pino({ level: 'silent' });

describeWith('kafka', 'the log on a real Kafka, when things go wrong', ({ brokers }) => {
  const config = kafkaConfigOf(brokers, PARTITIONS);
  let topics: { name: string; cleanup: 'delete' | 'compact'; retentionMs: number }[];
  let input: string;
  let output: string;
  let log: KafkaLog;
  let kafka: Kafka;
  let admin: Admin;
  const opened: KafkaLog[] = [];
  const made: string[] = [];

  const open = async (logger: Logger = silent) => {
    const created = await createKafkaLog({ config, name: 'test', topics, clock: systemClock, logger });
    opened.push(created);
    return created;
  };

  beforeAll(async () => {
    kafka = connectKafka(config, 'test', silent);
    kafka.logger().setLogLevel(logLevel.NOTHING);
    admin = kafka.admin();
    await admin.connect();
  });
  beforeEach(async () => {
    const run = randomUUID().slice(0, 8);
    [input, output] = [`faults-input-${run}`, `faults-output-${run}`];
    topics = [input, output].map((name) => ({ name, cleanup: 'delete', retentionMs: 3_600_000 }));
    made.push(input, output);
    log = await open();
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await admin.deleteTopics({ topics: made });
    await admin.disconnect();
  });

  const collect = (into: StoredRecord[], extra: Partial<Subscription<null>> = {}): Subscription<null> => ({
    topic: input,
    group: 'reader',
    batchRecordsMax: 10,
    open: async () => ({ state: null }),
    step: async (state, { records }) => {
      into.push(...records);
      return { state, outputs: [] };
    },
    ...extra,
  });

  async function consumeUntil(reader: KafkaLog, subscription: Subscription<null>, done: () => boolean): Promise<void> {
    const stop = new AbortController();
    const consuming = reader.consume(subscription, stop.signal);
    for (let waitedMs = 0; !done() && waitedMs < 15_000; waitedMs += 20) await sleep(20);
    stop.abort();
    await consuming;
    expect(done()).toBe(true);
  }

  const append = (count: number) =>
    log.append(
      input,
      Array.from({ length: count }, (_, at) => ({ key: 'device', value: Buffer.from(`${at}`) })),
    );
  const keysIn = (partition: number) =>
    Array.from({ length: 50 }, (_, at) => `device-${at}`)
      .filter((key) => partitionFor(key, PARTITIONS) === partition)
      .slice(0, 1);
  const appendLarge = (partition: number, count: number) =>
    log.append(
      input,
      Array.from({ length: count }, () => ({ key: keysIn(partition)[0] ?? '', value: Buffer.alloc(100_000) })),
    );
  const partitionOf = async () => {
    const offsets = await admin.fetchTopicOffsets(input);
    return offsets.find(({ high }) => high !== '0')?.partition ?? -1;
  };

  test('topics with another number of partitions are refused in words', async () => {
    const other = { ...config, KAFKA_PARTITIONS: 5 };
    const opening = createKafkaLog({ config: other, name: 'test', topics, clock: systemClock, logger: silent });
    await expect(opening).rejects.toThrow(TopicMismatch);
    await expect(opening).rejects.toThrow(/KAFKA_PARTITIONS/);
  });

  test('brokers that are not there are an outage, said within seconds', async () => {
    const nowhere = { ...config, KAFKA_BROKERS: '127.0.0.1:9' };
    const beganMs = performance.now();
    const opening = createKafkaLog({ config: nowhere, name: 'test', topics, clock: systemClock, logger: silent });
    await expect(opening).rejects.toThrow(Outage);
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  });

  test('a process that was killed is not waited for when it is back', { timeout: 60_000 }, async () => {
    const port = 54_321;
    const name = `killed-${randomUUID().slice(0, 8)}`;
    const sockets: Socket[] = [];
    let dead = false;
    const killed = new Kafka({
      clientId: clientIdOf(`${name}@${hostname()}:${port}`),
      brokers: config.KAFKA_BROKERS.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 10, restartOnFailure: async () => false },
      socketFactory: ({ host, port, onConnect }) => {
        const socket = connect(dead ? 9 : port, host, onConnect);
        sockets.push(socket);
        return socket;
      },
    });
    const group = groupId({ group: 'reader', topic: input });
    // Longer than the test: without leaving for it, nobody else would get anything.
    const consumer = killed.consumer({ groupId: group, sessionTimeout: 60_000, rebalanceTimeout: 60_000 });
    await consumer.connect();
    await consumer.subscribe({ topics: [input] });
    const joined = new Promise((settle) => consumer.on(consumer.events.GROUP_JOIN, settle));
    await consumer.run({ eachMessage: async () => undefined });
    await joined;
    dead = true;
    for (const socket of sockets) socket.destroy();
    const members = async () => (await admin.describeGroups([group])).groups[0]?.members ?? [];
    expect(await members()).toHaveLength(1);

    const back = await createKafkaLog({ config, name, port, topics, clock: systemClock, logger: silent });
    opened.push(back);
    await append(3);
    const read: StoredRecord[] = [];
    await consumeUntil(back, collect(read), () => read.length === 3);
    expect(await members()).toEqual([]);
    void consumer.disconnect().catch(() => undefined);
  });

  test('a former owner that wakes up late writes nothing, and its offset does not count', async () => {
    const place = { group: 'owners', topic: input, partition: 0 };
    const [former, owner] = [createPartitionWriter(kafka, place), createPartitionWriter(kafka, place)];
    const outputOf = (text: string) => [
      { topic: output, partition: 0, record: { key: 'device', value: Buffer.from(text) } },
    ];
    await former.take();
    await former.commit(1n, outputOf('in time'));
    await owner.take();
    await expect(former.commit(2n, outputOf('too late'))).rejects.toThrow();
    await owner.commit(3n, outputOf('the owner'));
    await Promise.all([former.close(), owner.close()]);

    const read: StoredRecord[] = [];
    await consumeUntil(log, collect(read, { topic: output }), () => read.length >= 2);
    expect(read.map(({ value }) => String(value))).toEqual(['in time', 'the owner']);
    const [offsets] = await admin.fetchOffsets({ groupId: groupId(place), topics: [input] });
    expect(offsets?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('3');
  });

  test('a transaction that its owner left open when it died is over when the partition is taken', async () => {
    const place = { group: 'dying', topic: input, partition: 0 };
    const producer = kafka.producer({ transactionalId: `${groupId(place)}.0`, transactionTimeout: 60_000 });
    await producer.connect();
    const abandoned = await producer.transaction();
    await abandoned.send({ topic: output, messages: [{ key: 'device', value: 'half', partition: 0 }] });
    await abandoned.sendOffsets({
      consumerGroupId: groupId(place),
      topics: [{ topic: input, partitions: [{ partition: 0, offset: '7' }] }],
    });
    const owner = createPartitionWriter(kafka, place);
    await owner.take();
    await owner.commit(1n, [{ topic: output, partition: 0, record: { key: 'device', value: Buffer.from('whole') } }]);
    await owner.close();
    await producer.disconnect();
    const read: StoredRecord[] = [];
    await consumeUntil(log, collect(read, { topic: output }), () => read.length >= 1);
    expect(read.map(({ value }) => String(value))).toEqual(['whole']);
  });

  test('an offset that cannot be committed takes its outputs with it, and nobody has to wait for them', async () => {
    const place = { group: 'failing', topic: `${input}-never-made`, partition: 0 };
    const writer = createPartitionWriter(kafka, place);
    await writer.take();
    const outputs = [
      { topic: output, partition: 0, record: { key: 'device', value: Buffer.from('without its offset') } },
    ];
    await expect(writer.commit(1n, outputs)).rejects.toThrow();
    await log.append(
      output,
      keysIn(0).map((key) => ({ key, value: Buffer.from('after it') })),
    );
    const read: StoredRecord[] = [];
    await consumeUntil(log, collect(read, { topic: output }), () => read.length >= 1);
    expect(read.map(({ value }) => String(value))).toEqual(['after it']);
    await writer.close();
  });

  test('topics are made with the settings that the promises stand on', async () => {
    const compacted = `${input}-compacted`;
    made.push(compacted);
    const more = [
      ...topics,
      { name: compacted, cleanup: 'compact' as const, retentionMs: null, recordBytesMax: 4_000_000 },
    ];
    await (await createKafkaLog({ config, name: 'test', topics: more, clock: systemClock, logger: silent })).close();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [input, compacted].map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
    });
    const settings = resources.map(({ configEntries }) =>
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    );
    expect(settings).toMatchObject([
      { 'cleanup.policy': 'delete', 'retention.ms': '3600000', 'message.timestamp.type': 'LogAppendTime' },
      { 'cleanup.policy': 'compact', 'segment.bytes': '16777216', 'max.message.bytes': '4000000' },
    ]);
    const other = topics.map((topic) => ({ ...topic, cleanup: 'compact' as const }));
    const opening = createKafkaLog({ config, name: 'test', topics: other, clock: systemClock, logger: silent });
    await expect(opening).rejects.toThrow('cleanup.policy=delete where compact is needed');
  });

  test('records that are deleted under a reader which is behind are told of once, with how many', {
    timeout: 100_000,
  }, async () => {
    await append(5);
    const partition = await partitionOf();
    const lines: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    const read: StoredRecord[] = [];
    let hold = Promise.resolve();
    const subscription = collect(read, {
      batchRecordsMax: 5,
      step: async (state, { records }) => {
        await hold;
        read.push(...records);
        return { state, outputs: [] };
      },
    });
    const stop = new AbortController();
    const consuming = (await open(logger)).consume(subscription, stop.signal);
    await expect.poll(() => read.length, { timeout: 40_000 }).toBe(5);
    let release: () => void = () => undefined;
    hold = new Promise((settle) => {
      release = settle;
    });
    // More than a reader fetches ahead, so that the rest is still at the broker when it goes.
    for (let at = 0; at < 8; at += 1) await appendLarge(partition, 8);
    await admin.deleteTopicRecords({ topic: input, partitions: [{ partition, offset: '66' }] });
    await append(2);
    release();
    await expect.poll(() => Number(read.at(-1)?.offset), { timeout: 40_000 }).toBe(70);
    stop.abort();
    await consuming;
    const seen = read.map(({ offset }) => Number(offset));
    expect(new Set(seen).size).toBe(seen.length);
    const lost = lines.map((line) => JSON.parse(line)).filter(({ group }) => group === 'reader');
    expect(lost).toHaveLength(1);
    expect(lost[0].records).toBe(71 - seen.length);
  });

  test('a place before which records were deleted stays as it was committed until the reader moves it', async () => {
    await append(10);
    const partition = await partitionOf();
    const group = { groupId: `faults-${randomUUID()}`, topics: [input] };
    await admin.setOffsets({ groupId: group.groupId, topic: input, partitions: [{ partition, offset: '5' }] });
    await admin.deleteTopicRecords({ topic: input, partitions: [{ partition, offset: '8' }] });
    expect((await log.lag(input, 'reader')).map(({ kept }) => kept)).toContainEqual({ first: 8n, next: 10n });
    const consumer = kafka.consumer({ groupId: group.groupId, maxWaitTimeInMs: 100 });
    const read: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [input], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => void read.push(message.offset) });
    await expect.poll(() => read, { timeout: 20_000 }).toEqual(['8', '9']);
    await consumer.disconnect();
    const [found] = await admin.fetchOffsets(group);
    expect(found?.partitions.find((one) => one.partition === partition)?.offset).toBe('5');
  });

  test('records that were deleted before they were read are told of, and reading goes on behind them', async () => {
    await append(10);
    const partition = await partitionOf();
    const read: StoredRecord[] = [];
    await consumeUntil(log, collect(read), () => read.length === 10);
    await append(5);
    await admin.deleteTopicRecords({ topic: input, partitions: [{ partition, offset: '13' }] });
    const lines: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    const again: StoredRecord[] = [];
    await consumeUntil(await open(logger), collect(again), () => again.length === 2);
    expect(again.map(({ offset }) => Number(offset))).toEqual([13, 14]);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ topic: input, group: 'reader', records: 3 });
  });

  test('a place past the end is refused: it was made on another Kafka', async () => {
    await append(3);
    const partition = await partitionOf();
    const troubles: Trouble[] = [];
    await consumeUntil(
      log,
      collect([], {
        open: async (taken) => ({ state: null, ...(taken.partition === partition && { from: 100n }) }),
        onTrouble: (trouble) => troubles.push(trouble),
      }),
      () => troubles.length > 0,
    );
    expect(String(troubles[0]?.error)).toContain('is it another Kafka?');
  });

  test('a place that was kept for a topic of the same name is noticed, however long the new one has grown', async () => {
    await append(20);
    const partition = await partitionOf();
    const read: StoredRecord[] = [];
    await consumeUntil(log, collect(read), () => read.length === 20);
    const readUntilMs = Math.max(...read.map(({ appendedAtMs }) => appendedAtMs));
    await admin.deleteTopics({ topics: [input] });
    await expect.poll(async () => (await admin.listTopics()).includes(input), { timeout: 10_000 }).toBe(false);
    log = await open();
    await append(30);
    const kept = (from: bigint, troubles: Trouble[], into: StoredRecord[]) =>
      collect(into, {
        group: 'keeper',
        open: async (taken) => ({ state: null, ...(taken.partition === partition && { from, readUntilMs }) }),
        onTrouble: (trouble) => troubles.push(trouble),
      });
    const troubles: Trouble[] = [];
    const nothing: StoredRecord[] = [];
    await consumeUntil(log, kept(20n, troubles, nothing), () => troubles.length > 0);
    expect(String(troubles[0]?.error)).toContain('the topic was made anew');
    expect(nothing).toEqual([]);
    const fine: Trouble[] = [];
    const all: StoredRecord[] = [];
    await consumeUntil(log, kept(0n, fine, all), () => all.length === 30);
    expect(fine).toEqual([]);
  });

  test('what comes packed is unpacked by the broker: kafkajs knows one codec, and that one without a bound', async () => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: input, configNames: ['compression.type'] }],
    });
    expect(resources[0]?.configEntries[0]?.configValue).toBe('uncompressed');
  });

  test('more than a broker takes at once is committed all the same', async () => {
    const writer = createPartitionWriter(kafka, { group: 'large', topic: input, partition: 0 });
    await writer.take();
    const value = Buffer.alloc(200_000);
    const outputs = Array.from({ length: 12 }, () => ({
      topic: output,
      partition: 0,
      record: { key: 'device', value },
    }));
    await writer.commit(1n, outputs);
    await writer.close();
    const read: StoredRecord[] = [];
    await consumeUntil(log, collect(read, { topic: output }), () => read.length === 12);
  });

  test('the markers of transactions do not look like lag', async () => {
    const writer = createPartitionWriter(kafka, { group: 'writer', topic: output, partition: 0 });
    await writer.take();
    for (let at = 0; at < 3; at += 1) {
      await writer.write([{ topic: input, partition: 0, record: { key: 'device', value: Buffer.from(`${at}`) } }]);
    }
    await writer.close();
    const read: StoredRecord[] = [];
    const stop = new AbortController();
    const consuming = log.consume(collect(read), stop.signal);
    const waiting = async () => (await log.lag(input, 'reader')).reduce((sum, { records }) => sum + records, 0n);
    expect(await waiting()).toBe(6n);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0n);
    expect(read).toHaveLength(3);
    stop.abort();
    await consuming;
  });

  test('the age of what waits is the time since it was appended', async () => {
    await append(1);
    const later = createManualClock(Date.now() + 600_000);
    const observer = await createKafkaLog({ config, name: 'test', topics, clock: later, logger: silent });
    opened.push(observer);
    const ages = (await observer.lag(input, 'nobody')).map(({ ageMs }) => ageMs);
    expect(Math.max(...ages)).toBeGreaterThan(600_000 * (7 / 8));
    expect(Math.max(...ages)).toBeLessThanOrEqual(605_000);
  });
});
