import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const outcomes = statement(import.meta.url, './sql/outcomes.sql');

/** What became of the frames of a time. */
export interface OutcomeBucket {
  readonly at: Date;
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly unavailable: number;
  readonly codes: readonly { readonly code: string; readonly count: number }[];
}

export const MINUTE_MS = 60_000;

/** Whole minutes: they are counted by the minute. */
export function wholeMinutes({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  const from = new Date(Math.floor(fromMs / MINUTE_MS) * MINUTE_MS);
  return { from, to: new Date(endOfMinute(toMs)) };
}

export function endOfMinute(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

export function readOutcomes(
  store: Queryable,
  asked: {
    readonly from: Date;
    readonly to: Date;
    readonly bucketS: number;
    /** Whose devices, or null for everybody's. */
    readonly fleetId: string | null;
    readonly deviceId: string | null;
  },
): Promise<OutcomeBucket[]> {
  const { from, to, bucketS, fleetId, deviceId } = asked;
  return store.run<OutcomeBucket>(outcomes, [from, to, bucketS, fleetId, deviceId]);
}
