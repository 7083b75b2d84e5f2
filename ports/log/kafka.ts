import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Clock } from '../clock/clock.ts';
import { again } from './again.ts';
import { openAppender } from './kafka/appender.ts';
import { createAsker } from './kafka/asker.ts';
import type { KafkaConfig } from './kafka/config.ts';
import { asKafkaOutage, clientIdOf, connectKafka, PATIENT, withOutages } from './kafka/connect.ts';
import { createTopics } from './kafka/create-topics.ts';
import { groupId } from './kafka/group-id.ts';
import { measureLag } from './kafka/lag.ts';
import { type MemberDependencies, runMember } from './kafka/member.ts';
import type { Log, LogTopic } from './log.ts';
import { partitionFor } from './partition-for.ts';

export interface KafkaLogOptions {
  readonly config: KafkaConfig;
  /** Of the service, for the brokers' logs and for the order of a group's members. */
  readonly name: string;
  /** The port that this process listens on: with the host's name, what it shares with nobody but its former lives. */
  readonly port?: number;
  readonly topics: readonly LogTopic[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface KafkaLog extends Log {
  /** Whether a broker answers just now, for health checks. */
  check(): Promise<void>;
}

/** A life as a member that lasted this long has shown that the group can be joined. */
const SETTLED_MS = 30_000;
/** Brokers that are back are to be noticed: from then on the group still waits for the member that was lost. */
const REJOIN_PAUSE_MAX_MS = 1_000;

/** Makes the topics that are missing. Throws `Outage` while no broker can be had. */
export async function createKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const { config, name, port, topics, clock, logger } = options;
  const kafka = connectKafka(config, name, logger);
  const { ask, close: closeAsker } = createAsker(kafka);
  const names = new Set(topics.map((topic) => topic.name));
  const compacted = new Set(topics.filter(({ cleanup }) => cleanup === 'compact').map((topic) => topic.name));
  const layout = { partitions: config.KAFKA_PARTITIONS, replication: config.KAFKA_REPLICATION };
  await ask((admin) => createTopics(admin, topics, layout));
  const appender = await withOutages(() => openAppender(kafka)).catch(async (error: unknown) => {
    await closeAsker();
    throw error;
  });
  const partitionCount = (topic: string) => {
    if (!names.has(topic)) throw new TypeError(`there is no topic ${topic}`);
    return config.KAFKA_PARTITIONS;
  };
  const instance = port === undefined ? null : `${name}@${hostname()}:${port}`;
  const member: MemberDependencies = {
    kafka,
    consumers: connectKafka(config, instance ?? name, logger, PATIENT),
    formerLives: instance && clientIdOf(instance),
    memberName: `${hostname()} ${name} ${randomUUID()}`,
    partitionCount,
    positions: {
      async ends(topic, partition) {
        const offsets = await ask((admin) => admin.fetchTopicOffsets(topic));
        const found = offsets.find((one) => one.partition === partition);
        if (!found) throw new Error(`Kafka does not know ${topic}/${partition}`);
        return { low: BigInt(found.low), high: BigInt(found.high) };
      },
      async firstAfter(topic, partition, timeMs) {
        const offsets = await ask((admin) => admin.fetchTopicOffsetsByTimestamp(topic, timeMs + 1));
        return BigInt(offsets.find((one) => one.partition === partition)?.offset ?? 0);
      },
      async committed({ group, topic, partition }) {
        const asked = { groupId: groupId({ group, topic }), topics: [topic] };
        const [found] = await ask((admin) => admin.fetchOffsets(asked));
        const offset = BigInt(found?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
        return offset < 0n ? null : offset;
      },
      onLost: (place, records) =>
        logger.error({ ...place, records: Number(records) }, 'records were deleted before they had been read'),
    },
  };

  return {
    async append(topic, records) {
      if (records.length === 0) return;
      const count = partitionCount(topic);
      if (!compacted.has(topic) && records.some(({ value }) => value === null)) {
        throw new TypeError(`${topic} takes no deletions`);
      }
      await appender.append(records.map((record) => ({ topic, record, partition: partitionFor(record.key, count) })));
    },

    async consume(subscription, signal) {
      const live = async (wentWell: () => void) => {
        const settled = setTimeout(wentWell, SETTLED_MS);
        await runMember(member, subscription, signal).finally(() => clearTimeout(settled));
      };
      await again(live, {
        signal,
        pauseMaxMs: REJOIN_PAUSE_MAX_MS,
        onFailure: (error, pauseMs) =>
          subscription.onTrouble?.({ partition: null, error: asKafkaOutage(error), pauseMs }),
      });
    },

    lag: (topic, group) => ask((admin) => measureLag(admin, clock, topic, group)),

    check: () =>
      ask(async (admin) => {
        await admin.describeCluster();
      }),

    async close() {
      await appender.close();
      await closeAsker();
    },
  };
}
