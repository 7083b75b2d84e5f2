import { hash } from 'node:crypto';
import type { Log } from '../../ports/log/log.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Queryable } from '../../ports/store/store.ts';
import { fixedCodec as codec } from '../../schemas/codec.ts';
import { readTopic } from '../crash/read-topic.ts';
import type { Spoilt } from './fill.ts';

const rows = statement(import.meta.url, './sql/dead-letters.sql');

interface Told {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | bigint;
  readonly original_key: string;
  readonly original_value: Buffer | null;
  readonly code: string;
  /** Of a record that could be read. */
  readonly frame_id: string | null;
}

export interface LetterFaults {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** What is said of a letter, in one line: where it is from, why, and what was in it. */
function lineOf({ topic, partition, offset, original_key, original_value, code, frame_id }: Told): string {
  const digest = original_value && hash('sha256', original_value, 'hex').slice(0, 16);
  return `${topic}/${partition}/${offset} of ${original_key}: ${code}, frame ${frame_id}, bytes ${digest}`;
}

function expectedLine(one: Spoilt): string {
  return lineOf({
    ...one,
    original_key: one.key,
    original_value: one.value,
    code: one.damage.damage.code,
    frame_id: one.damage.of === 'picture' ? one.frameId : null,
  });
}

/** The letters in the topic and those in the table, each held against what was spoilt: every one of it once, and no more. */
export async function findLetterFaults(
  { log, store }: { readonly log: Log; readonly store: Queryable },
  spoilt: readonly Spoilt[],
): Promise<LetterFaults> {
  const records = await readTopic(log, 'dead-letters');
  const inTopic = records.map(({ value }): string => {
    const record = value && codec.decode(value);
    return record?.name === 'dead-letter' ? lineOf(record.value) : 'a record that is no letter';
  });
  const inTable = (await store.run<Told>(rows)).map(lineOf);
  const expected = spoilt.map(expectedLine);
  const faults = [compare('topic', expected, inTopic), compare('table', expected, inTable)];
  return { missing: faults.flatMap(({ missing }) => missing), extra: faults.flatMap(({ extra }) => extra) };
}

function compare(where: string, expected: readonly string[], found: readonly string[]): LetterFaults {
  const [wanted, seen] = [new Set(expected), new Set<string>()];
  const extra = found.filter((line) => !wanted.has(line) || seen.size === seen.add(line).size);
  return {
    missing: expected.filter((line) => !seen.has(line)).map((line) => `not in the ${where}: ${line}`),
    extra: extra.map((line) => `in the ${where}: ${line}`),
  };
}
