// Node does not find this one among the names that kafkajs exports.
import kafkajs, { type Admin } from 'kafkajs';
import { Unusable } from '../../errors.ts';
import type { LogTopic } from '../log.ts';
import { untilServed } from './until-served.ts';

const DAY_MS = 86_400_000;

export interface TopicLayout {
  readonly partitions: number;
  readonly replication: number;
}

/** A topic that is there, but not as this release needs it. */
export class TopicMismatch extends Unusable {}

/**
 * Makes the topics that are missing. Refuses those which would send a device's records to another partition, or lose
 * what is to be kept; how long records are kept is the operator's to change.
 */
export async function createTopics(admin: Admin, topics: readonly LogTopic[], layout: TopicLayout): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length > 0) {
    // Answers false where another process was quicker; what it made is looked at below.
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map((topic) => ({
        topic: topic.name,
        numPartitions: layout.partitions,
        replicationFactor: layout.replication,
        configEntries: Object.entries(settingsOf(topic, layout)).map(([name, value]) => ({ name, value: `${value}` })),
      })),
    });
  }
  const names = topics.map(({ name }) => name);
  for (const name of names) await untilServed(() => admin.fetchTopicOffsets(name));
  const { topics: found } = await untilServed(() => admin.fetchTopicMetadata({ topics: names }));
  const wrong = found.filter(({ partitions }) => partitions.length !== layout.partitions);
  if (wrong.length > 0) {
    const told = wrong.map(({ name, partitions }) => `${name} (${partitions.length})`).join(', ');
    throw new TopicMismatch(
      `Topics with another number of partitions than ${layout.partitions}: ${told}. A device's place follows from ` +
        'that number, so it stays as it was made: set KAFKA_PARTITIONS to it.',
    );
  }
  const settings = await untilServed(() => readSettings(admin, names));
  for (const topic of topics) {
    for (const [setting, value] of Object.entries(needed(topic))) {
      const is = settings.get(`${topic.name} ${setting}`);
      if (is === value) continue;
      throw new TopicMismatch(
        `The topic ${topic.name} has ${setting}=${is} where ${value} is needed. Change it with kafka-configs.sh ` +
          `--alter --entity-type topics --entity-name ${topic.name} --add-config ${setting}=${value}.`,
      );
    }
  }
}

async function readSettings(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const configNames = Object.keys(needed({ cleanup: 'delete' }));
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames })),
  });
  return new Map(
    resources.flatMap(({ resourceName, configEntries }) =>
      configEntries.map(({ configName, configValue }) => [`${resourceName} ${configName}`, configValue] as const),
    ),
  );
}

/** What a topic cannot do without, whoever has made it. */
function needed({ cleanup }: Pick<LogTopic, 'cleanup'>): Readonly<Record<string, string>> {
  // kafkajs knows of the codecs only gzip, and unpacks that without a bound: so brokers are to unpack what comes
  // packed, which they hold to their limit of size.
  return { 'cleanup.policy': cleanup, 'compression.type': 'uncompressed' };
}

function settingsOf({ cleanup, retentionMs, retentionBytes, recordBytesMax }: LogTopic, { replication }: TopicLayout) {
  return {
    // Ages are then the broker's, whatever the clocks of those who write.
    'message.timestamp.type': 'LogAppendTime',
    'min.insync.replicas': replication >= 3 ? 2 : 1,
    ...needed({ cleanup }),
    ...(recordBytesMax !== undefined && { 'max.message.bytes': recordBytesMax }),
    ...(cleanup === 'compact'
      ? // Only closed segments are compacted: small ones keep a restore short.
        {
          'segment.bytes': 16 * 1_048_576,
          'min.cleanable.dirty.ratio': 0.2,
          'delete.retention.ms': DAY_MS,
          // What was replaced or deleted is gone in a bounded time, however little is written.
          'max.compaction.lag.ms': DAY_MS,
        }
      : { 'retention.ms': retentionMs ?? -1, 'retention.bytes': retentionBytes ?? -1 }),
  };
}
