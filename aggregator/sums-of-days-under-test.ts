import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const wrongDays = statement(import.meta.url, './sql/test-wrong-days.sql');

/** Days, and months, of which event_days, event_months or occupancy_days says another number than the rows do. */
export async function wrongSumsOfDays(store: Queryable): Promise<readonly string[]> {
  return (await store.run<{ wrong: string }>(wrongDays)).map(({ wrong }) => wrong);
}
