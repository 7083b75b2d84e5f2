import type { Clock } from '../clock/clock.ts';
import { coalesce } from '../coalesce.ts';
import { migrate } from '../store/migrate.ts';
import { statement } from '../store/statement.ts';
import type { Queryable, Store } from '../store/store.ts';
import { Arrivals } from './arrivals.ts';
import { consumeAll, Fenced, type Partitions, type Place, type PlacedOutput } from './consume-partition.ts';
import type { Log, LogRecord, LogTopic, StoredRecord } from './log.ts';
import { partitionFor } from './partition-for.ts';

export interface PostgresLogOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly topics: readonly LogTopic[];
  /** Fixed when the log is made: another number later would send a device's records to another partition. */
  readonly partitionCount: number;
  /** Whether other threads of this process have the same log: then each hears of what the others append. */
  readonly betweenThreads?: boolean;
}

export interface PostgresLog extends Log {
  /** Deletes what every group has consumed an hour ago, and what is past its topic's retention. Says how many. */
  trim(): Promise<number>;
}

const sql = {
  append: statement(import.meta.url, './sql/append.sql'),
  advance: statement(import.meta.url, './sql/advance.sql'),
  committed: statement(import.meta.url, './sql/committed.sql'),
  createPartitions: statement(import.meta.url, './sql/create-partitions.sql'),
  eraseConsumed: statement(import.meta.url, './sql/erase-consumed.sql'),
  deleteChangelog: statement(import.meta.url, './sql/delete-changelog.sql'),
  lag: statement(import.meta.url, './sql/lag.sql'),
  partitionCount: statement(import.meta.url, './sql/partition-count.sql'),
  read: statement(import.meta.url, './sql/read.sql'),
  readChangelog: statement(import.meta.url, './sql/read-changelog.sql'),
  trim: statement(import.meta.url, './sql/trim.sql'),
  writeChangelog: statement(import.meta.url, './sql/write-changelog.sql'),
};

const APPENDS_MAX = 500;
const CHANGELOG_PAGE = 200;
const CONSUMED_KEPT_MS = 3_600_000;
const TRIMMED_MAX = 5_000;

export const logMigrations = new URL('./migrations/', import.meta.url);

export function migratePostgresLog(connectionString: string): Promise<void> {
  return migrate({ connectionString, folder: logMigrations, table: 'log_migrations' });
}

interface LagRow {
  readonly partition: number;
  readonly committed: number;
  readonly records: number;
  readonly oldest_at: Date | null;
}

interface Row {
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Record<string, string> | null;
  readonly appended_at: Date;
}

export async function createPostgresLog(options: PostgresLogOptions): Promise<PostgresLog> {
  const { store, clock, topics, partitionCount, betweenThreads = false } = options;
  const compacted = new Set(topics.filter(({ cleanup }) => cleanup === 'compact').map(({ name }) => name));
  const arrivals = new Arrivals({ name: betweenThreads ? 'passerby-log' : null });

  const [found] = await store.run<{ partitions: number }>(sql.partitionCount);
  if (found && found.partitions !== 0 && found.partitions !== partitionCount) {
    throw new Error(`the log was made with ${found.partitions} partitions and cannot go on with ${partitionCount}`);
  }
  const streams = topics.map(({ name }) => name).filter((name) => !compacted.has(name));
  await store.run(sql.createPartitions, [streams, partitionCount]);

  async function write(database: Queryable, outputs: readonly PlacedOutput[]): Promise<void> {
    const appended = outputs.filter(({ topic }) => !compacted.has(topic));
    if (appended.length > 0) await database.run(sql.append, [...columns(appended), new Date(clock.nowMs())]);

    const newest = [...new Map(outputs.map((output) => [`${output.topic}\n${output.record.key}`, output])).values()];
    const changed = newest.filter(({ topic }) => compacted.has(topic));
    const written = changed.filter(({ record }) => record.value !== null);
    if (written.length > 0) await database.run(sql.writeChangelog, [...columns(written), new Date(clock.nowMs())]);
    const deleted = changed.filter(({ record }) => record.value === null);
    if (deleted.length > 0) await database.run(sql.deleteChangelog, columns(deleted).slice(0, 3));
  }

  function columns(outputs: readonly PlacedOutput[]) {
    return [
      outputs.map(({ topic }) => topic),
      outputs.map(({ partition }) => partition),
      outputs.map(({ record }) => record.key),
      outputs.map(({ record }) => record.value),
      outputs.map(({ record }) => (record.headers ? JSON.stringify(record.headers) : null)),
    ] as const;
  }

  function tell(outputs: readonly PlacedOutput[]) {
    const places = new Map(outputs.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }]));
    for (const { topic, partition } of places.values()) arrivals.tell(topic, partition);
  }

  const append = coalesce(async (appends: readonly (readonly PlacedOutput[])[]) => {
    const outputs = appends.flat();
    try {
      // A statement by itself is a transaction, and one round trip instead of three.
      const isOne = outputs.every(({ topic }) => !compacted.has(topic));
      await (isOne ? write(store, outputs) : store.transaction((transaction) => write(transaction, outputs)));
    } finally {
      // Also after a failure: the commit may have gone through before the connection broke.
      tell(outputs);
    }
    return appends.map(() => undefined);
  }, APPENDS_MAX);

  const partitions: Partitions = {
    partitionCount: () => partitionCount,
    arrivals,

    // Whoever had it before is fenced by the offset itself, which the next commit moves from under it.
    async take({ group, topic, partition }) {
      const [row] = await store.run<{ next_offset: number }>(sql.committed, [group, topic, partition]);
      return BigInt(row?.next_offset ?? 0);
    },

    async *changelog(topic, partition) {
      for (let after = ''; ; ) {
        const rows = await store.run<Row>(sql.readChangelog, [topic, partition, after, CHANGELOG_PAGE]);
        for (const row of rows) yield asStored(row, 0);
        if (rows.length < CHANGELOG_PAGE) return;
        after = rows.at(-1)?.key ?? after;
      }
    },

    async read({ topic, partition }, from, recordsMax) {
      const rows = await store.run<Row & { offset: number }>(sql.read, [topic, partition, String(from), recordsMax]);
      return rows.map((row) => asStored(row, row.offset));
    },

    async commit(place: Place, { expected, next, outputs }) {
      const { group, topic, partition } = place;
      try {
        await store.transaction(async (transaction) => {
          const values = [group, topic, partition, String(expected), String(next)];
          const moved = await transaction.run(sql.advance, values);
          if (moved.length === 0) throw new Fenced(place);
          await write(transaction, outputs);
        });
      } finally {
        tell(outputs);
      }
    },
  };

  return {
    async append(topic, records) {
      if (records.length === 0) return;
      if (!topics.some(({ name }) => name === topic)) throw new TypeError(`there is no topic ${topic}`);
      if (!compacted.has(topic) && records.some(({ value }) => value === null)) {
        throw new TypeError(`${topic} takes no deletions`);
      }
      await append(
        records.map((record: LogRecord) => ({ topic, record, partition: partitionFor(record.key, partitionCount) })),
      );
    },

    consume: (subscription, signal) => consumeAll(partitions, subscription, signal),

    async lag(topic, group) {
      const rows = await store.run<LagRow>(sql.lag, [topic, group]);
      return rows.map(({ partition, committed, records, oldest_at }) => ({
        partition,
        committed: BigInt(committed),
        records: BigInt(records),
        ageMs: oldest_at ? Math.max(0, clock.nowMs() - oldest_at.getTime()) : 0,
      }));
    },

    async trim() {
      const now = clock.nowMs();
      const trimmed = topics.filter(({ retentionMs }) => retentionMs !== null);
      const values = [
        trimmed.map(({ name }) => name),
        trimmed.map(({ retentionMs }) => new Date(now - (retentionMs ?? 0))),
        new Date(now - CONSUMED_KEPT_MS),
        TRIMMED_MAX,
      ];
      // In pieces, so that no statement takes long; until a piece is less than whole.
      for (let total = 0; ; ) {
        const rows = await store.run(sql.trim, values);
        total += rows.length;
        if (rows.length < TRIMMED_MAX) return total;
      }
    },

    async eraseConsumed(key) {
      for (let total = 0; ; ) {
        const rows = await store.run(sql.eraseConsumed, [key, TRIMMED_MAX]);
        total += rows.length;
        if (rows.length < TRIMMED_MAX) return total;
      }
    },

    async close() {
      arrivals.close();
      await store.close();
    },
  };
}

function asStored({ key, value, headers, appended_at }: Row, offset: number): StoredRecord {
  return { key, value, offset: BigInt(offset), appendedAtMs: appended_at.getTime(), ...(headers && { headers }) };
}
