import { setTimeout as sleep } from 'node:timers/promises';
import { again } from './again.ts';
import type { Arrivals } from './arrivals.ts';
import type { Output, StoredRecord, Subscription } from './log.ts';
import { partitionFor } from './partition-for.ts';

/** The loop that every adapter has in common: take a partition, restore, read, step, commit; after a failure, anew. */
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

/** What an adapter has to do for the loop. */
export interface Partitions {
  partitionCount(topic: string): number;
  /** Takes the partition: whoever had it before commits nothing from here on. Answers where the group stands. */
  take(place: Place): Promise<bigint>;
  /** The newest record of each key. */
  changelog(topic: string, partition: number): AsyncIterable<StoredRecord>;
  /** Throws where records before `from` are younger than that: it is not the log that `from` is of. */
  requireSame?(place: Place, from: bigint, readUntilMs: number): Promise<void>;
  /** What there is from this offset on; nothing when there is nothing yet, which an arrival ends. */
  read(place: Place, from: bigint, recordsMax: number): Promise<readonly StoredRecord[]>;
  /** Moves the offset and writes the outputs in one; throws when somebody else has taken the partition. */
  commit(place: Place, commit: Commit): Promise<void>;
  readonly arrivals: Arrivals;
}

export class Fenced extends Error {
  constructor({ group, topic, partition }: Place) {
    super(`another owner moved ${group} on ${topic}/${partition}`);
    this.name = 'Fenced';
  }
}

const PAUSE_MAX_MS = 5_000;
/** Arrivals are told in the process; this only bounds the wait should one ever go untold. */
const LOOK_AGAIN_MS = 10_000;

/** For a log that lives with its only process: every partition is ours, with no groups to negotiate with. */
export async function consumeAll<State>(
  partitions: Partitions,
  subscription: Subscription<State>,
  signal: AbortSignal,
): Promise<void> {
  const count = partitions.partitionCount(subscription.topic);
  const numbers = Array.from({ length: count }, (_, partition) => partition);
  await Promise.all(numbers.map((partition) => consumePartition(partitions, subscription, partition, signal)));
}

export async function consumePartition<State>(
  partitions: Partitions,
  subscription: Subscription<State>,
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  const left: { state?: State } = {};
  const onState = (state: State) => {
    left.state = state;
  };
  try {
    await again((onWell) => run(partitions, subscription, partition, signal, { onState, onWell }), {
      signal,
      pauseMaxMs: PAUSE_MAX_MS,
      onFailure: (error, pauseMs) => subscription.onTrouble?.({ partition, error, pauseMs }),
    });
  } finally {
    if ('state' in left) subscription.onReleased?.({ partition, state: left.state });
  }
}

/** From taking the partition to the signal, or to the first failure: after one, memory is worth less than the log. */
async function run<State>(
  partitions: Partitions,
  subscription: Subscription<State>,
  partition: number,
  signal: AbortSignal,
  { onState, onWell }: { readonly onState: (state: State) => void; readonly onWell: () => void },
): Promise<void> {
  const place: Place = { group: subscription.group, topic: subscription.topic, partition };
  let committed = await partitions.take(place);
  const changelog = subscription.changelog ? partitions.changelog(subscription.changelog, partition) : nothing();
  const opened = await subscription.open({ partition, committed }, changelog);
  let { state } = opened;
  onState(state);
  if (opened.from !== undefined && opened.readUntilMs !== undefined) {
    await partitions.requireSame?.(place, opened.from, opened.readUntilMs);
  }
  let from = opened.from ?? committed;
  if (from > committed) {
    // The reader's own store is ahead: it died between its commit and ours. What it has done is no lag.
    await partitions.commit(place, { expected: committed, next: from, outputs: [] });
    committed = from;
  }
  let putOff: readonly StoredRecord[] = [];
  while (!signal.aborted) {
    const count = partitions.arrivals.count(place.topic, partition);
    const room = subscription.batchRecordsMax - putOff.length;
    const read = room > 0 ? await partitions.read(place, from, room) : [];
    const records = [...putOff, ...read];
    if (records.length === 0) {
      await partitions.arrivals.wait(place, count, { msMax: LOOK_AGAIN_MS, signal });
      continue;
    }
    const steppedAtMs = performance.now();
    const lastRead = read.at(-1);
    if (lastRead) from = lastRead.offset + 1n;
    const stepped = await subscription.step(state, { partition, records, readTo: from });
    putOff = stepped.putOff ?? [];
    if (putOff.length >= records.length) {
      const { waitMs } = stepped;
      if (waitMs === undefined) throw new TypeError(`${subscription.group} puts off all that there is`);
      const { batchRecordsMax, batchEveryMs = 0 } = subscription;
      // What arrives is not read before its cycle, nor while there is no room for it.
      const isHeard = batchEveryMs === 0 && putOff.length < batchRecordsMax;
      if (isHeard) await partitions.arrivals.wait(place, count, { msMax: waitMs, signal });
      else await sleepUntil(Math.max(performance.now() + waitMs, steppedAtMs + batchEveryMs), signal);
      continue;
    }
    const next = putOff[0]?.offset ?? from;
    const outputs = stepped.outputs.map((output) => placed(partitions, subscription, partition, output));
    const beganMs = performance.now();
    await partitions.commit(place, { expected: committed, next, outputs });
    committed = next;
    state = stepped.state;
    onState(state);
    subscription.onCommitted?.({ partition, state, commitMs: performance.now() - beganMs });
    onWell();
    if (subscription.batchEveryMs) await sleepUntil(steppedAtMs + subscription.batchEveryMs, signal);
  }
}

/** Or until the signal, at once. */
async function sleepUntil(timeMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, timeMs - performance.now()), undefined, { signal }).catch(() => undefined);
}

function placed<State>(
  partitions: Partitions,
  { changelog, writes = [], group }: Subscription<State>,
  partition: number,
  output: Output,
): PlacedOutput {
  const { topic, record } = output;
  if (topic === changelog) return { ...output, partition };
  if (!writes.includes(topic)) throw new TypeError(`${group} writes to ${topic} without having said so`);
  return { ...output, partition: partitionFor(record.key, partitions.partitionCount(topic)) };
}

async function* nothing(): AsyncIterable<StoredRecord> {}
