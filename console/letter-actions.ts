import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { Problem } from '../http/problem.ts';
import type { Clock } from '../ports/clock/clock.ts';
import { Outage } from '../ports/errors.ts';
import type { Log } from '../ports/log/log.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable, Store } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import { type Doer, noteChange } from './audit.ts';
import { createChangeLetter, type LetterWish, NOT_OPEN } from './change-letter.ts';
import { type LetterScope, type LettersWanted, matchingValues } from './dead-letters.ts';

/**
 * What is done with dead letters: with one at once, and with many one after the other, the oldest first. Which these are
 * is kept in rows, and each letter is changed in the transaction that counts it: so whoever sweeps goes on where another
 * was stopped, and two at once do nothing twice.
 */
export interface LetterActions {
  change(id: string, wish: LetterWish, of: Of): Promise<void>;
  start(wanted: LettersWanted, wish: ManyWish, of: Of): Promise<{ readonly id: string; readonly total: number }>;
  /** Null if there is none, or it is about others' letters. */
  find(id: string, scope: LetterScope): Promise<LetterAction | null>;
  /** What has begun and is not finished, until the signal. */
  sweep(signal: AbortSignal): Promise<void>;
}

interface Of {
  readonly by: Doer;
  readonly scope: LetterScope;
}

/** With many letters nobody mends the bytes of each. */
export type ManyWish = Exclude<LetterWish, { readonly kind: 'redrive' }> | RedriveMany;
interface RedriveMany {
  readonly kind: 'redrive';
  readonly acceptChanged: boolean;
}

export interface LetterAction {
  readonly id: string;
  readonly kind: LetterWish['kind'];
  readonly created_at: Date;
  readonly username: string;
  readonly total: number;
  readonly done: number;
  readonly passed_over: number;
  readonly failed: number;
  readonly error: string | null;
  readonly finished_at: Date | null;
}

/** How often to sweep. */
export const SWEEP_LETTERS_EVERY_MS = 1_000;
const ACTIONS_PER_SWEEP = 100;
const ERROR_CHARS_MAX = 500;

const sql = {
  insert: statement(import.meta.url, './sql/insert-letter-action.sql'),
  setTotal: statement(import.meta.url, './sql/set-letter-action-total.sql'),
  find: statement(import.meta.url, './sql/find-letter-action.sql'),
  unfinished: statement(import.meta.url, './sql/list-unfinished-letter-actions.sql'),
  lock: statement(import.meta.url, './sql/try-lock-letter-action.sql'),
  next: statement(import.meta.url, './sql/next-action-letter.sql'),
  note: statement(import.meta.url, './sql/note-letter-action.sql'),
  finish: statement(import.meta.url, './sql/finish-letter-action.sql'),
};

interface NextRow {
  readonly kind: LetterWish['kind'];
  readonly user_id: string;
  readonly username: string;
  readonly fleet_id: string | null;
  readonly options: { readonly acceptChanged?: boolean; readonly reason?: string | null };
  readonly dead_letter_id: string | null;
}

type Outcome = 'done' | 'passed-over' | 'failed';

export function createLetterActions({
  store,
  log,
  codec,
  clock,
}: {
  readonly store: Store;
  readonly log: Pick<Log, 'append'>;
  readonly codec: Pick<Codec, 'decode' | 'encode'>;
  readonly clock: Clock;
}): LetterActions {
  const changeLetter = createChangeLetter({ log, codec, nowMs: clock.nowMs });
  /** Appends within a transaction: if the log does not answer, that is one connection and not all of them. */
  const inTurn = pLimit(1);
  const transaction = <Result>(work: (transaction: Queryable) => Promise<Result>) =>
    inTurn(() => store.transaction(work));

  /** Of one action, its next letter; false if there is nothing to do, or somebody else is about it. */
  async function takeNext(actionId: string): Promise<boolean> {
    try {
      return await transaction((within) => withNext(within, actionId, (next) => change(within, actionId, next)));
    } catch (error) {
      // An outage says nothing about the letter. Whatever else it is, the others are not to wait for this one.
      if (error instanceof Outage) throw error;
      const failure = { outcome: 'failed', error: wordsOf(error) } as const;
      return await transaction((within) => withNext(within, actionId, async () => failure));
    }
  }

  interface Dealt {
    readonly outcome: Outcome;
    readonly error: string | null;
  }

  async function withNext(
    within: Queryable,
    actionId: string,
    deal: (next: NextRow & { readonly dead_letter_id: string }) => Promise<Dealt>,
  ): Promise<boolean> {
    const [{ locked = false } = {}] = await within.run<{ locked: boolean }>(sql.lock, [actionId]);
    const [next] = locked ? await within.run<NextRow>(sql.next, [actionId]) : [];
    if (!next) return false;
    const { dead_letter_id } = next;
    if (dead_letter_id === null) {
      await within.run(sql.finish, [actionId, new Date(clock.nowMs())]);
      return false;
    }
    const { outcome, error } = await deal({ ...next, dead_letter_id });
    await within.run(sql.note, [actionId, outcome, error]);
    return true;
  }

  async function change(
    within: Queryable,
    actionId: string,
    { dead_letter_id: id, kind, user_id, username, fleet_id: fleetId, options }: NextRow & { dead_letter_id: string },
  ): Promise<Dealt> {
    const { acceptChanged = false, reason = null } = options;
    const wish = kind === 'redrive' ? ({ kind, acceptChanged, mended: null } as const) : ({ kind, reason } as const);
    // It was among those that they see.
    const of = { scope: { fleetId, seesUnowned: true }, by: { id: user_id, username }, actionId };
    try {
      await changeLetter(within, { id, ...of, ...wish });
      return { outcome: 'done', error: null };
    } catch (error) {
      // Nothing was changed yet.
      if (!(error instanceof Problem)) throw error;
      return error.code === NOT_OPEN
        ? { outcome: 'passed-over', error: null }
        : { outcome: 'failed', error: wordsOf(error) };
    }
  }

  return {
    change: (id, wish, of) => transaction((within) => changeLetter(within, { id, ...wish, ...of, actionId: null })),

    start: (wanted, wish, { by, scope }) =>
      store.transaction(async (within) => {
        const { kind, ...options } = wish;
        const [id, atMs] = [randomUUID(), clock.nowMs()];
        const action = [id, kind, new Date(atMs), by.id, by.username, options];
        const values = [...matchingValues(wanted, 'open', scope), ...action];
        const [{ total = 0 } = {}] = await within.run<{ total: number }>(sql.insert, values);
        await within.run(sql.setTotal, [id, total]);
        const { deviceId, ...filters } = wanted;
        const how = wish.kind === 'redrive' ? { accept_changed: wish.acceptChanged } : { reason: wish.reason };
        const details = { device_id: deviceId, ...filters, ...how, total };
        // Whoever names a device that is not theirs changes none of its letters, and writes nothing into its history.
        const of = { action: `dead-letters-${kind}`, subject: id, deviceId: total > 0 ? deviceId : null };
        await noteChange(within, { atMs, by, ...of, details });
        return { id, total };
      }),

    async find(id, { fleetId }) {
      const [row] = await store.run<LetterAction>(sql.find, [id, fleetId]);
      return row ?? null;
    },

    async sweep(signal) {
      const actions = await store.run<{ id: string }>(sql.unfinished, [ACTIONS_PER_SWEEP]);
      for (const { id } of actions) {
        while (!signal.aborted && (await takeNext(id)));
      }
    },
  };
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, ERROR_CHARS_MAX);
}
