import type { StoredRecord } from '../ports/log/log.ts';
import { decode, UndecodableRecord } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';
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

/** Sorts a batch by what its records are; a topic may carry several kinds. */
export function readBatch(topic: string, partition: number, records: readonly StoredRecord[]): ReadBatch {
  const reads = new Map<RecordName, Read<unknown>[]>();
  const poison: DeadLetter[] = [];
  for (const record of records) {
    try {
      const { name, value } = decode(record.value ?? Buffer.alloc(0));
      const sameKind = reads.get(name) ?? [];
      reads.set(name, sameKind);
      sameKind.push({ record, value });
    } catch (error) {
      if (!(error instanceof UndecodableRecord)) throw error;
      poison.push(asLetter(topic, partition, record, error));
    }
  }
  return { of: <Name extends RecordName>(name: Name) => (reads.get(name) ?? []) as Read<RecordTypes[Name]>[], poison };
}

/** A record that nothing could be made of, kept whole. */
export function asLetter(
  topic: string,
  partition: number,
  record: StoredRecord,
  { code, message }: { readonly code: string; readonly message: string },
): DeadLetter {
  return {
    dead_letter_id: derivedId('dead-letter', topic, partition, Number(record.offset)),
    device_id: null,
    topic,
    partition,
    offset: Number(record.offset),
    original_key: record.key,
    original_value: record.value,
    code,
    message,
    attempts: 1,
    recorded_at: record.appendedAtMs,
    frame_id: null,
    captured_at: null,
  };
}
