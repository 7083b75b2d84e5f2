import { statement } from '../../ports/store/statement.ts';
import type { Queryable, Statement } from '../../ports/store/store.ts';
import type { Spoilt } from './fill.ts';

/**
 * The tables of two runs, row by row; each is read in the order of its key, a page at a time, since a million rows need
 * not be in memory. What is not compared, the statements leave out; they and `comparable` say why.
 */
const tables: Readonly<Record<string, Statement>> = {
  captures: statement(import.meta.url, './sql/captures.sql'),
  events: statement(import.meta.url, './sql/events.sql'),
  event_counts: statement(import.meta.url, './sql/event-counts.sql'),
  visits: statement(import.meta.url, './sql/visits.sql'),
  occupancy_changes: statement(import.meta.url, './sql/occupancy-changes.sql'),
  observed_people: statement(import.meta.url, './sql/observed-people.sql'),
  frames_told: statement(import.meta.url, './sql/frames-told.sql'),
};

const PAGE = 5_000;
/** Before every key: some are ids, and the others begin with letters. */
const FIRST = '00000000-0000-0000-0000-000000000000';

interface Row {
  readonly key: string;
  readonly [column: string]: unknown;
}

export interface Compared {
  /** Rows of the first run, by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** A line for each row that is not the same. */
  readonly differing: readonly string[];
}

export async function compareTables(clean: Queryable, mended: Queryable, spoilt: readonly Spoilt[]): Promise<Compared> {
  const damageOf = new Map(spoilt.map(({ frameId, damage }) => [frameId, damage.of]));
  const rows: Record<string, number> = {};
  const differing: string[] = [];
  for (const [table, sql] of Object.entries(tables)) {
    const asComparable = (row: Row) => comparable(table, row, damageOf.get(row.key));
    rows[table] = 0;
    for await (const [one, other] of side(rowsOf(clean, sql), rowsOf(mended, sql))) {
      if (one) rows[table] += 1;
      const what = difference(one && asComparable(one), other && asComparable(other));
      if (what !== null) differing.push(`${table} ${(one ?? other)?.key}: ${what}`);
    }
  }
  return { rows, differing };
}

/**
 * A frame that is looked at after later ones says nothing of motion, since there is no frame before it to compare it with.
 * And of one whose picture was broken, the record tells of the picture that was stored then.
 */
function comparable(table: string, row: Row, damage: 'record' | 'picture' | undefined): Row {
  if (table !== 'captures' || damage === undefined) return row;
  return { ...row, motion: null, ...(damage === 'picture' && { size_bytes: null, sha256: null }) };
}

/** In words; null where there is none. */
function difference(one: Row | null, other: Row | null): string | null {
  if (!one) return 'is not in the clean run';
  if (!other) return 'is in the clean run alone';
  const columns = Object.entries(one).flatMap(([column, value]) => {
    const [was, is] = [value, other[column]].map((side) => JSON.stringify(side));
    return was === is ? [] : [`${column} is ${is} and was ${was}`];
  });
  return columns.length === 0 ? null : columns.join(', ');
}

async function* rowsOf(store: Queryable, sql: Statement): AsyncGenerator<Row> {
  for (let after = FIRST; ; ) {
    const page = await store.run<Row>(sql, [after, PAGE]);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.key ?? after;
  }
}

/** Rows of equal keys side by side; null where there is none. */
async function* side(one: AsyncGenerator<Row>, other: AsyncGenerator<Row>) {
  let [left, right] = [await next(one), await next(other)];
  while (left || right) {
    const isLeft = left !== null && (right === null || left.key <= right.key);
    const isRight = right !== null && (left === null || right.key <= left.key);
    yield [isLeft ? left : null, isRight ? right : null] as const;
    if (isLeft) left = await next(one);
    if (isRight) right = await next(other);
  }
}

async function next(rows: AsyncGenerator<Row>): Promise<Row | null> {
  const { value, done } = await rows.next();
  return done ? null : value;
}
