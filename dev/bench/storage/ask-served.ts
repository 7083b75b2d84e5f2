import { statement } from '../../../ports/store/statement.ts';
import type { Store } from '../../../ports/store/store.ts';
import type { Random } from '../../simulate/random.ts';
import { percentiles } from '../../simulate/report.ts';
import type { Served, Turn } from './served-queries.ts';

const sql = {
  listKnown: statement(import.meta.url, './sql/list-known.sql'),
  findOwner: statement(import.meta.url, './sql/find-owner.sql'),
};

export interface Asked {
  readonly name: string;
  readonly rows: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/**
 * Asks each so many times, each time for something else, by way of the store that serves them: with the plans that it
 * keeps. One that does not count comes first, as a page has been looked at before.
 */
export async function askServed(
  store: Store,
  served: readonly Served[],
  { times, ...of }: { readonly times: number; readonly random: Random } & Pick<Turn, 'nowMs' | 'days' | 'devices'>,
): Promise<readonly Asked[]> {
  const turn: Turn = { ...of, ...(await findKnown(store, of.nowMs)) };
  const asked: Asked[] = [];
  for (const { name, statement: text, values } of served) {
    const tookMs: number[] = [];
    let rows = 0;
    for (let time = -1; time < times; time += 1) {
      const with_ = values(turn);
      const startMs = performance.now();
      const answer = await store.run(text, with_);
      if (time >= 0) tookMs.push(performance.now() - startMs);
      rows = Math.max(rows, answer.length);
    }
    const [p50Ms = 0, p95Ms = 0] = percentiles(tookMs, [0.5, 0.95]);
    asked.push({ name, rows, p50Ms, p95Ms });
  }
  return asked;
}

type Known = Pick<
  Turn,
  | 'numbers'
  | 'numberDevices'
  | 'numberTimes'
  | 'numberWeeks'
  | 'fedNumbers'
  | 'fedTimes'
  | 'fedDevices'
  | 'fedVersions'
  | 'frames'
  | 'frameTimes'
  | 'persons'
  | 'owner'
>;

async function findKnown(store: Store, nowMs: number): Promise<Known> {
  const [known] = await store.run<Omit<Known, 'owner'>>(sql.listKnown, [new Date(nowMs)]);
  const [owner] = await store.run<Pick<Known, 'owner'>>(sql.findOwner);
  if (!known || !owner) throw new Error('there is nothing to ask for');
  return { ...known, ...owner };
}
