import type { Admin } from 'kafkajs';
import type { Clock } from '../../clock/clock.ts';
import type { PartitionLag } from '../log.ts';
import { groupId } from './group-id.ts';

/** Ages are found to within an eighth: Kafka answers where a time begins, not what time a record has. */
const AGE_FROM_MS = 250;
const AGE_MAX_MS = 60 * 86_400_000;
const HALVINGS = 3;

/**
 * What a group has not committed. Counted in offsets, so that behind a reader that is not there, a transaction's marker
 * counts as a record.
 */
export async function measureLag(admin: Admin, clock: Clock, topic: string, group: string): Promise<PartitionLag[]> {
  const [ends, offsets] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: groupId({ group, topic }), topics: [topic] }),
  ]);
  const committed = new Map(offsets[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
  const waiting = ends.map(({ partition, low, high }) => {
    const stands = committed.get(partition) ?? -1n;
    const from = stands < BigInt(low) ? BigInt(low) : stands;
    const records = BigInt(high) > from ? BigInt(high) - from : 0n;
    return {
      partition,
      from,
      records,
      kept: { first: BigInt(low), next: BigInt(high) },
      committed: stands < 0n ? 0n : stands,
    };
  });
  const ages = await measureAges(
    waiting.filter(({ records }) => records > 0n),
    async (ageMs) => {
      const begins = await admin.fetchTopicOffsetsByTimestamp(topic, clock.nowMs() - ageMs);
      return new Map(begins.map(({ partition, offset }) => [partition, BigInt(offset)]));
    },
  );
  return waiting
    .map(({ from: _, ...one }) => ({ ...one, ageMs: ages.get(one.partition) ?? 0 }))
    .sort((a, b) => a.partition - b.partition);
}

interface Waiting {
  readonly partition: number;
  readonly from: bigint;
}

/** Of each partition the greatest age, of those tried, that its record at `from` has. */
export async function measureAges(
  waiting: readonly Waiting[],
  beginsAt: (ageMs: number) => Promise<ReadonlyMap<number, bigint>>,
): Promise<ReadonlyMap<number, number>> {
  const asked = new Map<number, Promise<ReadonlyMap<number, bigint>>>();
  const isOlder = async ({ partition, from }: Waiting, ageMs: number) => {
    const begins = asked.get(ageMs) ?? beginsAt(ageMs);
    asked.set(ageMs, begins);
    // The first record of that age or younger comes after it.
    return ((await begins).get(partition) ?? 0n) > from;
  };
  const ages = new Map<number, number>();
  for (const one of waiting) {
    let [younger, older] = [0, AGE_FROM_MS];
    while (older < AGE_MAX_MS && (await isOlder(one, older))) [younger, older] = [older, older * 2];
    for (let halving = 0; younger > 0 && halving < HALVINGS; halving += 1) {
      const middle = Math.round((younger + older) / 2);
      if (await isOlder(one, middle)) younger = middle;
      else older = middle;
    }
    ages.set(one.partition, younger);
  }
  return ages;
}
