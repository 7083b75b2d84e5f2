/**
 * The log: named topics, each split into partitions that keep their order.
 *
 * What every adapter promises, and `log.contract.ts` checks:
 *
 *  1. `append` resolves only when the records are durable. If it rejects, some of them may still appear, and after
 *     trouble on the way some may appear twice: writers carry an identity in the record, and readers drop what they
 *     have seen.
 *  2. Records with equal keys land in one partition, in the order in which their appends resolved.
 *  3. A partition has one owner in a group at a time. A former owner that wakes up late writes nothing.
 *  4. What `step` returns and the offset past its batch become visible together, or not at all.
 *  5. Before the first `step`, `open` has seen the newest changelog record of every key in the partition.
 *  6. What a step puts off comes again, first in the next batch, and after a restart too: the group's place does not pass
 *     it. Records behind it that were taken then come again as well; whoever puts off keeps in its state which those are.
 *  7. Whoever leaves a partition, by a stop or because another owner has it, is told so once, when its last batch is
 *     committed or given up.
 */

export interface LogRecord {
  readonly key: string;
  /** `null` deletes the key, where the topic is compacted. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an adapter must know to keep a topic. */
export interface LogTopic {
  readonly name: string;
  readonly cleanup: 'delete' | 'compact';
  readonly retentionMs: number | null;
  /** Of a partition, where the adapter can cap it; the oldest go first. */
  readonly retentionBytes?: number;
  /** Of one record, where the adapter limits it and its own limit is too small. */
  readonly recordBytesMax?: number;
}

export interface StoredRecord extends LogRecord {
  readonly offset: bigint;
  readonly appendedAtMs: number;
}

export interface Batch {
  readonly partition: number;
  /** At least one, in offset order: first what was put off, then what was read since. */
  readonly records: readonly StoredRecord[];
  /** Past the last one that was read: where the group comes to stand, unless something is put off. */
  readonly readTo: bigint;
}

/** A record to write; one for the subscription's changelog goes to the batch's own partition, whatever its key. */
export interface Output {
  readonly topic: string;
  readonly record: LogRecord;
}

export interface Stepped<State> {
  readonly state: State;
  readonly outputs: readonly Output[];
  /** Records of the batch that are to wait for the next one, in their order; all of them only with `waitMs`. */
  readonly putOff?: readonly StoredRecord[];
  /** How long all that is put off has to wait, unless something else arrives meanwhile. */
  readonly waitMs?: number;
}

export interface Taken {
  readonly partition: number;
  /** Where the group stands. */
  readonly committed: bigint;
}

/** Where a partition starts again: after what the group committed, or where the reader's own store says. */
export interface Opened<State> {
  readonly state: State;
  readonly from?: bigint;
  /** The newest of what was read before `from`: by it a log that was made anew is told from the one `from` is of. */
  readonly readUntilMs?: number;
}

export interface Subscription<State> {
  readonly topic: string;
  readonly group: string;
  /** A compacted topic, partitioned as `topic` is, holding what `open` needs to go on. */
  readonly changelog?: string;
  /**
   * The topics that outputs go to, besides the changelog. A reader with neither has its effects elsewhere, and if they
   * are to count once it keeps its own place beside them (`Opened.from`).
   */
  readonly writes?: readonly string[];
  /** What was put off before included: once that is so many, no more is read. */
  readonly batchRecordsMax: number;
  /** From the beginning of one batch of a partition to that of the next, at least; if not said, they come as they may. */
  readonly batchEveryMs?: number;
  open(taken: Taken, changelog: AsyncIterable<StoredRecord>): Promise<Opened<State>>;
  /**
   * Called for one batch of a partition at a time, for different partitions at once.
   * To throw is to say 'an outage': nothing is committed, the partition is opened anew after a pause, and the same
   * records come again. A bad record is no outage: it becomes an output to the dead letters.
   */
  step(state: State, batch: Batch): Promise<Stepped<State>>;
  /** Told of each batch once it is committed, with the state that it led to. */
  onCommitted?(committed: Committed<State>): void;
  /**
   * Told when a partition is left, so that whatever is kept of it outside the state goes too; not at an outage, and of
   * none that was never opened. Who is late to leave is told so after the next owner has opened the partition, and that
   * may be the same process: by the state they are told apart.
   */
  onReleased?(released: Released<State>): void;
  /** Told of each pause that an outage causes, for logs and metrics. */
  onTrouble?(trouble: Trouble): void;
}

export interface Committed<State> {
  readonly partition: number;
  readonly state: State;
  /** How long the commit took. */
  readonly commitMs: number;
}

export interface Released<State> {
  readonly partition: number;
  /** The one that was committed or opened last. */
  readonly state: State;
}

export interface Trouble {
  /** `null` when it is the group that cannot be joined or kept. */
  readonly partition: number | null;
  readonly error: unknown;
  readonly pauseMs: number;
}

export interface PartitionLag {
  readonly partition: number;
  /** Where the group stands; 0 before it has committed anything. */
  readonly committed: bigint;
  readonly records: bigint;
  /** Age of the oldest record not yet committed; 0 when there is none. */
  readonly ageMs: number;
  /** Of a log that lets unread records go for want of room: its oldest record, and where the next one comes. */
  readonly kept?: { readonly first: bigint; readonly next: bigint };
}

export interface Log {
  append(topic: string, records: readonly LogRecord[]): Promise<void>;
  /** Runs until `signal` aborts; resolves when the batches in hand are committed and the partitions released. */
  consume<State>(subscription: Subscription<State>, signal: AbortSignal): Promise<void>;
  lag(topic: string, group: string): Promise<readonly PartitionLag[]>;
  /**
   * Where single records can be taken out: deletes those with this key that every group has consumed. Says how many. What
   * is still to be read stays, and so does the newest of a changelog.
   */
  eraseConsumed?(key: string): Promise<number>;
  close(): Promise<void>;
}
