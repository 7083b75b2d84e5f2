import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Log, LogRecord, LogTopic, Output, StoredRecord, Subscription } from './log.ts';

export const suite = randomUUID().slice(0, 8);

/**
 * The topics that the contract asks an adapter to have: one stream to read, one to write, one compacted. Of this run
 * alone, for a log that outlives it.
 */
export const contractTopics = {
  input: `contract-input-${suite}`,
  output: `contract-output-${suite}`,
  state: `contract-state-${suite}`,
} as const;
const { input, output } = contractTopics;

/** As an adapter takes them. */
export const contractLogTopics = Object.values(contractTopics).map(
  (name): LogTopic => ({
    name,
    cleanup: name === contractTopics.state ? 'compact' : 'delete',
    retentionMs: 3_600_000,
  }),
);

/** What a part of the contract that has a file of its own is given. */
export interface ContractPart {
  readonly log: () => Log;
  /** Names that nobody else uses. */
  readonly fresh: () => { readonly group: string; readonly device: (number: number) => string };
}

export function record(key: string, value: string): LogRecord {
  return { key, value: Buffer.from(value) };
}

export function text({ value }: { readonly value: Buffer | null }): string {
  return value?.toString() ?? '';
}

export function mine<One extends { readonly key: string }>(records: readonly One[], prefix: string): One[] {
  return records.filter(({ key }) => key.startsWith(prefix));
}

export function toOutput({ key, value }: StoredRecord): Output {
  return { topic: output, record: { key, value } };
}

export function pass(
  group: string,
  outputsOf: (records: readonly StoredRecord[]) => readonly Output[],
): Subscription<undefined> {
  return {
    topic: input,
    group,
    writes: [output],
    batchRecordsMax: 100,
    open: async () => ({ state: undefined }),
    step: async (state, { records }) => ({ state, outputs: outputsOf(records) }),
  };
}

export function counting<State>(
  subscription: Subscription<State>,
  prefix: string,
  onCount: (count: number) => void,
): Subscription<State> {
  return {
    ...subscription,
    step: async (state, batch: Batch) => {
      const stepped = await subscription.step(state, batch);
      onCount(mine(batch.records, prefix).length);
      return stepped;
    },
  };
}

export async function consumeUntil<State>(
  log: Log,
  subscription: Subscription<State>,
  done: () => Promise<boolean>,
): Promise<void> {
  const abort = new AbortController();
  const consuming = log.consume(subscription, abort.signal);
  try {
    await until(done);
  } finally {
    abort.abort();
    await consuming;
  }
}

export async function until(done: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!(await done())) {
    if (performance.now() > deadlineMs) throw new Error('waited 20 s in vain');
    await sleep(20);
  }
}

export interface Read extends StoredRecord {
  readonly partition: number;
}

export async function readAll(log: Log, group: string, prefix: string, count: number): Promise<Read[]> {
  const read: Read[] = [];
  await consumeUntil(log, collect(input, group, prefix, read), async () => read.length >= count);
  return read;
}

let readers = 0;

/** Everything of a topic that a new group finds there now. */
export async function readAvailable(log: Log, topic: string, prefix: string): Promise<Read[]> {
  readers += 1;
  const group = `reader-${suite}-${readers}`;
  const read: Read[] = [];
  await consumeUntil(log, collect(topic, group, prefix, read), () => isDrained(log, topic, group));
  return read;
}

export function collect(topic: string, group: string, prefix: string, into: Read[]): Subscription<undefined> {
  return {
    ...pass(group, () => []),
    topic,
    // As a reader whose effects are elsewhere.
    writes: [],
    step: async (state, { partition, records }) => {
      into.push(...mine(records, prefix).map((one) => ({ ...one, partition })));
      return { state, outputs: [] };
    },
  };
}

export async function drain(log: Log, group: string): Promise<void> {
  await consumeUntil(
    log,
    pass(group, () => []),
    () => isDrained(log, input, group),
  );
}

export async function isDrained(log: Log, topic: string, group: string): Promise<boolean> {
  return (await log.lag(topic, group)).every(({ records }) => records === 0n);
}
