import type { StoredRecord, Subscription, Trouble } from '../ports/log/log.ts';
import { isRefusal } from '../ports/store/refusal.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import { beginBatch } from '../ports/tracing/begin-batch.ts';
import { during, type Tracing } from '../ports/tracing/tracing.ts';
import type { Codec } from '../schemas/codec.ts';
import { deadLetterOf } from '../schemas/dead-letter.ts';
import { type ReadBatch, readBatch } from './read-record.ts';
import { withoutNul } from './storable.ts';

const sql = {
  open: statement(import.meta.url, './sql/open-offset.sql'),
  advance: statement(import.meta.url, './sql/advance-offset.sql'),
};

interface OffsetRow {
  readonly next_offset: number;
  readonly newest_appended_at: Date | null;
}

/** Writes what a batch says; called in the transaction that moves the offset past it. */
export type WriteBatch = (transaction: Queryable, batch: ReadBatch) => Promise<void>;

/**
 * One topic into tables (promise 5): rows and offset move in one SQL transaction, and only if the offset is where this
 * reader left it. The log's own offset follows, so that lag can be seen; the table is what counts.
 */
export function writeTopic({
  topic,
  store,
  codec,
  tracing = null,
  write,
  batchRecordsMax,
  onWritten,
  onTrouble,
}: {
  readonly topic: string;
  readonly store: Store;
  readonly codec: Codec;
  readonly tracing?: Tracing | null;
  readonly write: WriteBatch;
  readonly batchRecordsMax: number;
  readonly onWritten: (records: number) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}): Subscription<bigint> {
  interface Stretch {
    readonly partition: number;
    readonly expected: bigint;
    readonly records: readonly StoredRecord[];
  }

  /** Answers the offset after the records. */
  async function writeStretch(stretch: Stretch): Promise<bigint> {
    const { partition, expected, records } = stretch;
    try {
      return await commit(stretch, readBatch(codec, { topic, partition, records }));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // A value in one of them is none that its column takes, and never will be: it is found by halving.
      const [first] = records;
      if (first && records.length === 1) {
        const message = error instanceof Error ? error.message : String(error);
        const letter = deadLetterOf(first, { topic, partition, code: 'unstorable', message });
        return await commit(stretch, { of: () => [], poison: [letter] });
      }
      const half = Math.ceil(records.length / 2);
      const between = await writeStretch({ partition, expected, records: records.slice(0, half) });
      return await writeStretch({ partition, expected: between, records: records.slice(half) });
    }
  }

  function commit(stretch: Stretch, batch: ReadBatch): Promise<bigint> {
    const { partition, records } = stretch;
    const span = tracing && beginBatch(tracing, { name: `write ${topic}`, topic, partition }, records);
    return during(span, () => commitRows(stretch, batch));
  }

  async function commitRows({ partition, expected, records }: Stretch, batch: ReadBatch): Promise<bigint> {
    const next = (records.at(-1)?.offset ?? expected - 1n) + 1n;
    const newest = new Date(Math.max(...records.map(({ appendedAtMs }) => appendedAtMs)));
    await store.transaction(async (transaction) => {
      const moved = await transaction.run(sql.advance, [topic, partition, String(expected), String(next), newest]);
      if (moved.length === 0) throw new Error(`another aggregator has moved ${topic}/${partition}`);
      await write(withoutNul(transaction), batch);
    });
    onWritten(records.length);
    return next;
  }

  return {
    topic,
    group: 'aggregator',
    batchRecordsMax,
    onTrouble,

    async open({ partition }) {
      const [row] = await store.run<OffsetRow>(sql.open, [topic, partition]);
      const from = BigInt(row?.next_offset ?? 0);
      const readUntilMs = row?.newest_appended_at?.getTime();
      return { state: from, from, ...(readUntilMs !== undefined && { readUntilMs }) };
    },

    async step(expected, { partition, records }) {
      return { state: await writeStretch({ partition, expected, records }), outputs: [] };
    },
  };
}
