import { expect, test } from 'vitest';
import type { Queryable } from '../../ports/store/store.ts';
import { compareTables } from './compare.ts';
import { pictureDamages } from './damage-pictures.ts';
import { recordDamages } from './damage-records.ts';
import type { Spoilt } from './fill.ts';

type Row = Readonly<Record<string, unknown>> & { readonly key: string };
type Tables = Readonly<Record<string, readonly Row[]>>;

const idOf = (number: number) => `${String(number).padStart(8, '0')}-0000-5000-8000-000000000000`;
const capture = (number: number, more: object = {}): Row => ({
  ...{ key: idOf(number), state: 'done', motion: 0, size_bytes: 9, sha256: 'ab' },
  ...more,
});

/** Answers as the statements do, which name their table. */
function storeOf(tables: Tables): Queryable {
  return {
    async run<Answer extends object>({ text }: { readonly text: string }, [after, limit]: readonly unknown[] = []) {
      const table = /^from (\w+)/m.exec(text)?.[1] ?? '';
      const rows = (tables[table] ?? []).filter(({ key }) => key > String(after)).slice(0, Number(limit));
      return rows as unknown as Answer[];
    },
  };
}

const spoilt = [
  { frameId: idOf(1), damage: { of: 'record', damage: recordDamages[0] } },
  { frameId: idOf(2), damage: { of: 'picture', damage: pictureDamages[0] } },
] as unknown as readonly Spoilt[];

test.each<[string, Tables, Tables, readonly string[]]>([
  ['equal rows', { captures: [capture(3)], events: [] }, { captures: [capture(3)] }, []],
  [
    'a row that is missing',
    { captures: [capture(3), capture(4)] },
    { captures: [capture(4)] },
    ['captures 3: is in the clean run alone'],
  ],
  [
    'a row too many',
    { events: [capture(5)] },
    { events: [capture(5), capture(6)] },
    ['events 6: is not in the clean run'],
  ],
  [
    'another state',
    { captures: [capture(3)] },
    { captures: [capture(3, { state: 'dead' })] },
    ['captures 3: state is "dead" and was "done"'],
  ],
  ['no motion, of what was redriven', { captures: [capture(1)] }, { captures: [capture(1, { motion: null })] }, []],
  [
    'no motion, of what was not',
    { captures: [capture(3)] },
    { captures: [capture(3, { motion: null })] },
    ['captures 3: motion is null and was 0'],
  ],
  ['a size, of another picture', { captures: [capture(2)] }, { captures: [capture(2, { size_bytes: 4 })] }, []],
  [
    'a size, of a record',
    { captures: [capture(1)] },
    { captures: [capture(1, { size_bytes: 4 })] },
    ['captures 1: size_bytes is 4 and was 9'],
  ],
  [
    'more than a page',
    { captures: Array.from({ length: 5_001 }, (_, at) => capture(at + 10)) },
    { captures: Array.from({ length: 5_000 }, (_, at) => capture(at + 10)) },
    ['captures 5010: is in the clean run alone'],
  ],
])('%s', async (_, clean, mended, expected) => {
  const { differing, rows } = await compareTables(storeOf(clean), storeOf(mended), spoilt);
  const told = differing.map((line) => line.replace(/ 0*(\d+)-[\da-f-]+/, ' $1'));
  expect(told).toEqual(expected);
  expect(rows.captures).toBe(clean.captures?.length ?? 0);
});
