import { setTimeout as sleep } from 'node:timers/promises';
import type { Output, StoredRecord, Subscription } from './log.ts';
import { partitionFor } from './partition-for.ts';

/**
 * Consuming a log that lives with its only process: every partition is ours, so there are no groups to negotiate with
 * and no leases, only an offset that may have been moved by somebody else after all, which fences us.
 */
export interface Place {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

export interface Commit {
  readonly expected: bigint;
  readonly next: bigint;
  readonly outputs: readonly PlacedOutput[];
}

export interface PlacedOutput extends Output {
  readonly partition: number;
}

export interface Partitions {
  readonly partitionCount: number;
  committed(place: Place): Promise<bigint>;
  changelog(topic: string, partition: number): AsyncIterable<StoredRecord>;
  read(place: Place, from: bigint, recordsMax: number): Promise<readonly StoredRecord[]>;
  /** Moves the offset and writes the outputs in one; throws `Fenced` when the offset is not the expected one. */
  commit(place: Place, commit: Commit): Promise<void>;
  readonly arrivals: Arrivals;
}

export class Fenced extends Error {
  constructor({ group, topic, partition }: Place) {
    super(`another owner moved ${group} on ${topic}/${partition}`);
    this.name = 'Fenced';
  }
}

const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5_000;
/** Arrivals are told in the process; this only bounds the wait should one ever go untold. */
const LOOK_AGAIN_MS = 10_000;

export async function consumeAll<State>(
  partitions: Partitions,
  subscription: Subscription<State>,
  signal: AbortSignal,
): Promise<void> {
  const numbers = Array.from({ length: partitions.partitionCount }, (_, partition) => partition);
  await Promise.all(numbers.map((partition) => consumePartition(partitions, subscription, partition, signal)));
}

async function consumePartition<State>(
  partitions: Partitions,
  subscription: Subscription<State>,
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await run(partitions, subscription, partition, signal, () => {
        failures = 0;
      });
    } catch (error) {
      const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** failures, PAUSE_MAX_MS);
      failures += 1;
      subscription.onTrouble?.({ partition, error, pauseMs });
      await pause(pauseMs, signal);
    }
  }
}

/** From opening the partition to the signal, or to the first failure: after one, memory is worth less than the log. */
async function run<State>(
  partitions: Partitions,
  subscription: Subscription<State>,
  partition: number,
  signal: AbortSignal,
  onCommitted: () => void,
): Promise<void> {
  const place: Place = { group: subscription.group, topic: subscription.topic, partition };
  let committed = await partitions.committed(place);
  const changelog = subscription.changelog ? partitions.changelog(subscription.changelog, partition) : nothing();
  const opened = await subscription.open(partition, changelog);
  let state = opened.state;
  let from = opened.from ?? committed;
  if (from > committed) {
    // The reader's own store is ahead: it died between its commit and ours. What it has done is no lag.
    await partitions.commit(place, { expected: committed, next: from, outputs: [] });
    committed = from;
  }
  while (!signal.aborted) {
    const count = partitions.arrivals.count(place.topic, partition);
    const records = await partitions.read(place, from, subscription.batchRecordsMax);
    const last = records.at(-1);
    if (!last) {
      await partitions.arrivals.wait(place, count, { msMax: LOOK_AGAIN_MS, signal });
      continue;
    }
    const stepped = await subscription.step(state, { partition, records });
    from = last.offset + 1n;
    const outputs = stepped.outputs.map((output) => ({
      ...output,
      partition:
        output.topic === subscription.changelog
          ? partition
          : partitionFor(output.record.key, partitions.partitionCount),
    }));
    await partitions.commit(place, { expected: committed, next: from, outputs });
    committed = from;
    state = stepped.state;
    onCommitted();
  }
}

async function* nothing(): AsyncIterable<StoredRecord> {}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Tells waiting readers that a partition has grown. Count before reading, wait after: nothing falls in between. */
export class Arrivals {
  private readonly places = new Map<string, { count: number; readonly waiting: Set<() => void> }>();

  count(topic: string, partition: number): number {
    return this.at(topic, partition).count;
  }

  tell(topic: string, partition: number): void {
    const place = this.at(topic, partition);
    place.count += 1;
    for (const wake of place.waiting) wake();
  }

  /** Until there was an arrival past `count`, the time is over, or the signal aborts. */
  async wait(
    { topic, partition }: Pick<Place, 'topic' | 'partition'>,
    count: number,
    { msMax, signal }: { readonly msMax: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const place = this.at(topic, partition);
    if (place.count !== count || signal.aborted) return;
    await new Promise<void>((settle) => {
      // By hand: composed signals and promises would pile up on what outlives the wait.
      const wake = () => {
        clearTimeout(timer);
        place.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        settle();
      };
      const timer = setTimeout(wake, msMax);
      place.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  private at(topic: string, partition: number) {
    const name = `${topic}/${partition}`;
    const place = this.places.get(name) ?? { count: 0, waiting: new Set() };
    this.places.set(name, place);
    return place;
  }
}
