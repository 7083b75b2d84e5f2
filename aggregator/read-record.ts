import type { Batch, StoredRecord } from '../ports/log/log.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { deadLetterOf } from '../schemas/dead-letter.ts';
import type { DeadLetter, RecordName, RecordTypes } from '../schemas/types.ts';

/** A record of the log with what its bytes say. */
export interface Read<Value> {
  readonly record: StoredRecord;
  readonly value: Value;
}

export interface ReadBatch {
  of<Name extends RecordName>(name: Name): readonly Read<RecordTypes[Name]>[];
  /** Records whose bytes say nothing, as the letters they become. */
  readonly poison: readonly DeadLetter[];
}

/** A time that no year of four digits has is none that anything happened at; PostgreSQL would take some of them. */
const [FIRST_MS, LAST_MS] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** Sorts a batch by what its records are; a topic may carry several kinds. */
export function readBatch(
  codec: Codec,
  { topic, partition, records }: Omit<Batch, 'readTo'> & { readonly topic: string },
): ReadBatch {
  const reads = new Map<RecordName, Read<unknown>[]>();
  const poison: DeadLetter[] = [];
  const bury = (record: StoredRecord, code: string, message: string) =>
    poison.push(deadLetterOf(record, { topic, partition, code, message }));
  for (const record of records) {
    if (record.value === null) {
      bury(record, 'no-value', 'the record has no value');
      continue;
    }
    try {
      const { name, value } = codec.decode(record.value);
      const strange = timesOf(value).find(([, ms]) => ms < FIRST_MS || ms > LAST_MS);
      if (strange) {
        bury(record, 'unstorable', `${strange.join(' is ')}: no year of four digits has that time`);
        continue;
      }
      const sameKind = reads.get(name) ?? [];
      reads.set(name, sameKind);
      sameKind.push({ record, value });
    } catch (error) {
      if (!(error instanceof UndecodableRecord)) throw error;
      bury(record, error.code, error.message);
    }
  }
  return { of: <Name extends RecordName>(name: Name) => (reads.get(name) ?? []) as Read<RecordTypes[Name]>[], poison };
}

/** When what a record tells of happened, by the names of its fields. */
function timesOf(value: object): readonly (readonly [name: string, ms: number])[] {
  const { payload = {} } = value as { readonly payload?: object };
  const fields: Readonly<Record<string, unknown>> = { ...payload, ...value };
  return ['captured_at', 'occurred_at', 'ended_at', 'last_seen_at'].flatMap((name) => {
    const ms = fields[name];
    return typeof ms === 'number' ? [[name, ms] as const] : [];
  });
}
