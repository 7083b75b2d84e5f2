import { randomUUID } from 'node:crypto';
import type { Clock } from '../ports/clock/clock.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';

const sql = {
  add: statement(import.meta.url, './sql/add-outcomes.sql'),
};

export const WRITE_OUTCOMES_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;
/** How many sums are kept at once: an hour without the database, of a hundred devices that try on. */
const SUMS_MAX = 10_000;

/** What became of one frame that a device sent. */
export interface Outcome {
  /** Null where it is not known who sent it, whatever the request says: names are not counted that anybody can make up. */
  readonly deviceId: string | null;
  /** What the device was told: `queued`, `duplicate`, or the code of a problem. These are words of ours, and few. */
  readonly code: string;
  readonly status: number;
}

interface Sum extends Outcome {
  readonly minuteMs: number;
  count: number;
}

interface Batch {
  readonly number: number;
  readonly sums: readonly Sum[];
}

export interface Outcomes {
  /** Adds one to a sum in memory: nobody waits for it. */
  add(outcome: Outcome): void;
  /** Adds the sums to those in the table, one call at a time. What cannot be written now is kept for the next. */
  write(): Promise<void>;
}

/**
 * Adds up what becomes of frames, for people to see whatever process took them. A kill takes what was not yet written.
 * All that is written counts once: a batch whose answer was lost is sent again as it was, and known by its number.
 */
export function createOutcomes({
  store,
  clock,
  sumsMax = SUMS_MAX,
}: {
  readonly store: Queryable;
  readonly clock: Clock;
  readonly sumsMax?: number;
}): Outcomes {
  const writer = randomUUID();
  let sums = new Map<string, Sum>();
  /** Since there was room for no more: the minute that has what comes from then on. */
  let fullMs: number | null = null;
  let unanswered: Batch | null = null;
  let batches = 0;
  let writing: Promise<void> | null = null;

  function sumOf({ deviceId, code, status }: Outcome, minuteMs: number): Sum {
    const key = `${minuteMs} ${code} ${deviceId ?? ''}`;
    const kept = sums.get(key);
    if (kept) return kept;
    if (fullMs === null && sums.size >= sumsMax) fullMs = minuteMs;
    // No more than one for each code is added now: it is counted all the same, but no longer said of whom and when.
    if (fullMs !== null && !(deviceId === null && minuteMs === fullMs)) {
      return sumOf({ deviceId: null, code, status }, fullMs);
    }
    const sum = { minuteMs, deviceId, code, status, count: 0 };
    sums.set(key, sum);
    return sum;
  }

  async function send({ number, sums: added }: Batch): Promise<void> {
    await store.run(sql.add, [
      writer,
      number,
      new Date(clock.nowMs()),
      added.map(({ minuteMs }) => new Date(minuteMs)),
      added.map(({ deviceId }) => deviceId),
      added.map(({ code }) => code),
      added.map(({ status }) => status),
      added.map(({ count }) => count),
    ]);
    unanswered = null;
  }

  async function writeAll(): Promise<void> {
    if (unanswered) await send(unanswered);
    if (sums.size > 0) {
      batches += 1;
      unanswered = { number: batches, sums: [...sums.values()] };
      sums = new Map();
      fullMs = null;
      await send(unanswered);
    }
  }

  return {
    add(outcome) {
      const nowMs = clock.nowMs();
      sumOf(outcome, nowMs - (nowMs % MINUTE_MS)).count += 1;
    },
    write() {
      // Two at once would take each other's batch for their own.
      writing ??= writeAll().finally(() => {
        writing = null;
      });
      return writing;
    },
  };
}
