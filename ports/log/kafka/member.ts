import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import { Arrivals } from '../arrivals.ts';
import { consumePartition } from '../consume-partition.ts';
import type { Subscription } from '../log.ts';
import { coPartition } from './co-partition.ts';
import { PATIENT } from './connect.ts';
import { createFeed, type Feed, type FeedOptions } from './feed.ts';
import { leaveFormerLives } from './former-lives.ts';
import { groupId } from './group-id.ts';
import { asStored } from './messages.ts';
import { createOwned, type OwnerDependencies } from './owned.ts';

/** A group notices after this long that a member is gone. A blocked event loop must not be taken for that. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_EVERY_MS = 1_000;
const REBALANCE_TIMEOUT_MS = 20_000;
/** Also how late a partition is looked at that has just been sought or resumed. */
const FETCH_WAIT_MS = 100;
const PARTITION_FETCH_BYTES = 2 * 1_048_576;
const FEED_BYTES = 2 * 1_048_576;
const FETCH_BYTES = 16 * 1_048_576;
const RESTORE_QUEUE_MAX = 1_000;
const DRAIN_WITHIN_MS = 10_000;
const LEAVE_WITHIN_MS = 5_000;

export interface MemberDependencies extends OwnerDependencies {
  /** A client that is patient. */
  readonly consumers: Kafka;
  /** By which client id this process, and before it one that was killed, is known as a member; null if by none. */
  readonly formerLives: string | null;
  /** Equal for all groups that this process is a member of. */
  readonly memberName: string;
}

/**
 * One life of a member of a group: from joining to the signal or to the first failure that kafkajs does not get over.
 * Every assignment begins anew with all its partitions, each in a loop of its own; the former loops are told to end,
 * and whichever of them are late are fenced.
 */
export async function runMember<State>(
  dependencies: MemberDependencies,
  subscription: Subscription<State>,
  signal: AbortSignal,
): Promise<void> {
  const { kafka, consumers, memberName, formerLives } = dependencies;
  const { topic, changelog, batchRecordsMax } = subscription;
  const consumer = consumers.consumer({
    groupId: groupId(subscription),
    partitionAssigners: [coPartition(memberName)],
    readUncommitted: false,
    allowAutoTopicCreation: false,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_EVERY_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: PARTITION_FETCH_BYTES,
    maxBytes: FETCH_BYTES,
    // By itself it would start again without end, and with it we would not know where the group stands.
    retry: { ...PATIENT, restartOnFailure: async () => false },
  });
  const arrivals = new Arrivals();
  let feeds = new Map<string, Feed>();
  let generation = new AbortController();
  const loops = new Map<number, Promise<void>>();

  const endGeneration = () => generation.abort();

  function beginGeneration(partitions: readonly number[]): void {
    endGeneration();
    generation = new AbortController();
    setMaxListeners(0, generation.signal);
    feeds = new Map();
    const { signal: revoked } = generation;
    for (const partition of partitions) {
      const feed = openFeed(consumer, topic, partition, {
        queueMax: 2 * batchRecordsMax,
        bytesMax: FEED_BYTES,
        gapless: true,
      });
      feeds.set(`${topic}/${partition}`, feed);
      const changelogFeed =
        changelog &&
        openFeed(consumer, changelog, partition, { queueMax: RESTORE_QUEUE_MAX, bytesMax: FEED_BYTES, gapless: false });
      if (changelogFeed) feeds.set(`${changelog}/${partition}`, changelogFeed);
      const owned = createOwned(dependencies, subscription, {
        partition,
        consumer,
        arrivals,
        revoked,
        feed,
        ...(changelogFeed && { changelogFeed }),
      });
      // After the loop of the generation before, which may still be committing what it had in hand.
      const before = loops.get(partition) ?? Promise.resolve();
      const loop = before.then(() => consumePartition(owned, subscription, partition, revoked)).finally(owned.close);
      loops.set(partition, loop);
    }
  }

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (!signal.aborted) beginGeneration(payload.memberAssignment[topic] ?? []);
  });
  consumer.on(consumer.events.REBALANCING, endGeneration);
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return;
    const { topic, partition, firstOffset, lastOffset } = payload;
    // News, and maybe of a fetch from before a seek: where offsets have holes, it could not be told.
    if (topic === changelog) return;
    const [first, next] = [BigInt(firstOffset ?? -1), BigInt(lastOffset) + 1n];
    feeds.get(`${topic}/${partition}`)?.push({ records: [], first, next });
    arrivals.tell(topic, partition);
  });
  const crashed = new Promise<never>((_, fail) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  });
  crashed.catch(() => undefined);
  const stopped = new Promise<void>((settle) => {
    if (signal.aborted) settle();
    signal.addEventListener('abort', () => settle(), { once: true });
  });

  const join = async () => {
    if (formerLives) await leaveFormerLives(kafka, groupId(subscription), formerLives);
    await consumer.connect();
    await consumer.subscribe({ topics: changelog ? [topic, changelog] : [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, isStale }) => {
        if (isStale()) return;
        const { topic, partition } = batch;
        feeds.get(`${topic}/${partition}`)?.push({
          records: batch.messages.map(asStored),
          first: BigInt(batch.firstOffset() ?? -1),
          next: BigInt(batch.lastOffset()) + 1n,
        });
        arrivals.tell(topic, partition);
      },
    });
  };
  const joined = join();
  joined.catch(() => undefined);
  try {
    await Promise.race([joined.then(() => crashed), stopped]);
  } finally {
    endGeneration();
    // What is in hand is committed while the group still counts on this member: nobody else has begun with it then.
    await within(DRAIN_WITHIN_MS, Promise.all(loops.values()));
    // Left half-way, it would be a member that nobody hears of, and for whom the others wait.
    await within(LEAVE_WITHIN_MS, joined);
    await within(LEAVE_WITHIN_MS, consumer.disconnect());
  }
}

/** With brokers away there is no end to it; whatever is late then is fenced. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const giveUp = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: giveUp.signal })]).catch(() => undefined);
  giveUp.abort();
}

function openFeed(consumer: Consumer, topic: string, partition: number, options: FeedOptions): Feed {
  const feed = createFeed(
    {
      seek: (offset) => consumer.seek({ topic, partition, offset: String(offset) }),
      pause: () => consumer.pause([{ topic, partitions: [partition] }]),
      resume: () => consumer.resume([{ topic, partitions: [partition] }]),
    },
    options,
  );
  feed.hold();
  return feed;
}
