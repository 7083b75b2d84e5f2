import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Outage } from './errors.ts';

interface Call<Item, Result> {
  readonly item: Item;
  readonly settle: (result: Result) => void;
  readonly fail: (error: unknown) => void;
}

/** For how long more are waited for where several came together last: each is a little later, and all cost much less. */
const COMPANY_MS = 3;

/**
 * Calls of one turn of the event loop, or that arrive while one is under way, go together: one round trip and one commit
 * for all of them, and no delay for calls that come one by one, unless `gatherMs` says that nobody is in a hurry.
 * `work` answers item by item, in their order.
 */
export function coalesce<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  itemsMax: number,
  { gatherMs = 0 }: { readonly gatherMs?: number } = {},
): (item: Item) => Promise<Result> {
  let waiting: Call<Item, Result>[] = [];
  let underWay = false;
  let together = 1;

  async function drain() {
    underWay = true;
    while (waiting.length > 0) {
      const waitMs = gatherMs || (together > 1 ? COMPANY_MS : 0);
      if (waiting.length < itemsMax) await (waitMs > 0 ? sleep(waitMs) : nextTurn());
      const calls = waiting.slice(0, itemsMax);
      waiting = waiting.slice(itemsMax);
      together = calls.length;
      await perform(calls);
    }
    underWay = false;
  }

  async function perform(calls: readonly Call<Item, Result>[]): Promise<void> {
    try {
      const results = await work(calls.map(({ item }) => item));
      for (const [at, { settle }] of calls.entries()) settle(results[at] as Result);
    } catch (error) {
      // What one item has wrong with it must not fail the others; an outage has failed them all.
      if (calls.length === 1 || error instanceof Outage) for (const { fail } of calls) fail(error);
      else for (const call of calls) await perform([call]);
    }
  }

  return (item) =>
    new Promise((settle, fail) => {
      waiting.push({ item, settle, fail });
      if (!underWay) void drain();
    });
}
