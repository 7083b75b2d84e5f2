import { Problem } from '../http/problem.ts';
import type { Log } from '../ports/log/log.ts';
import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { Codec } from '../schemas/codec.ts';
import { type Doer, noteChange } from './audit.ts';
import { type LetterScope, type LetterState, noSuchLetter } from './dead-letters.ts';
import { type FailedRecord, type RedriveOptions, redrivenRecord } from './redriven-record.ts';

/**
 * One letter is sent again, or given up. The rows are changed first and the record is appended before they are committed:
 * so a letter that says it was redriven has its record in the log, whatever dies when; and whoever reads that record
 * waits for the commit before they can say what became of it. A record whose letter was not marked is told by what it
 * comes to (aggregator/sql/settle-dead-letters.sql).
 */
export type ChangeLetter = (transaction: Queryable, change: LetterChange) => Promise<void>;

export type LetterChange = {
  readonly id: string;
  readonly scope: LetterScope;
  readonly by: Doer;
  /** The action for many letters that this is a part of. */
  readonly actionId: string | null;
} & LetterWish;

export type LetterWish =
  | ({
      readonly kind: 'redrive';
      /** Though it was redriven, and nothing has come of it: a second record does no harm. */
      readonly again?: boolean;
    } & RedriveOptions)
  | { readonly kind: 'discard'; readonly reason: string | null };

export const NOT_OPEN = 'dead-letter-not-open';

const sql = {
  lock: statement(import.meta.url, './sql/lock-dead-letter.sql'),
  mark: statement(import.meta.url, './sql/mark-dead-letter.sql'),
  queue: statement(import.meta.url, './sql/queue-capture.sql'),
};

interface LockedRow extends FailedRecord {
  readonly device_id: string | null;
  readonly code: string;
  readonly state: LetterState;
  readonly captured_at: Date | null;
  readonly has_succeeded: boolean;
}

/** What was discarded may be thought better of. */
const CHANGEABLE: Readonly<Record<LetterWish['kind'], readonly LetterState[]>> = {
  redrive: ['open', 'discarded'],
  discard: ['open'],
};

export function createChangeLetter({
  log,
  codec,
  nowMs,
}: {
  readonly log: Pick<Log, 'append'>;
  readonly codec: Pick<Codec, 'decode' | 'encode'>;
  readonly nowMs: () => number;
}): ChangeLetter {
  async function redrive(
    transaction: Queryable,
    letter: LockedRow,
    change: LetterChange & { readonly kind: 'redrive' },
  ) {
    const redriven = redrivenRecord(letter, change, { codec, nowMs: nowMs() });
    if ('status' in redriven) throw new Problem(redriven);
    await transaction.run(sql.mark, [letter.id, 'redriven']);
    if (letter.frame_id !== null) await transaction.run(sql.queue, [letter.frame_id, letter.captured_at]);
    const { acceptChanged: accept_changed, mended, again = false } = change;
    await note(transaction, letter, change, { accept_changed, mended: mended !== null, again });
    await log.append(redriven.topic, [redriven.record]);
  }

  async function discard(
    transaction: Queryable,
    letter: LockedRow,
    change: LetterChange & { readonly kind: 'discard' },
  ) {
    await transaction.run(sql.mark, [letter.id, 'discarded']);
    await note(transaction, letter, change, { reason: change.reason });
  }

  async function note(
    transaction: Queryable,
    { id, topic, code, attempts, device_id: deviceId }: LockedRow,
    { kind, by, actionId: action_id }: LetterChange,
    details: object,
  ) {
    const told = { topic, code, attempts, ...details, ...(action_id === null ? {} : { action_id }) };
    await noteChange(transaction, {
      atMs: nowMs(),
      by,
      action: `dead-letter-${kind}`,
      subject: id,
      deviceId,
      details: told,
    });
  }

  return async (transaction, change) => {
    const { id, scope, kind } = change;
    const [letter] = await transaction.run<LockedRow>(sql.lock, [id, scope.fleetId, scope.seesUnowned]);
    if (!letter) throw noSuchLetter();
    const isAgain = change.kind === 'redrive' && change.again === true && isWaiting(letter);
    // Of many, only what is still open: what somebody gave up meanwhile is not for others to think better of.
    const changeable = change.actionId === null ? CHANGEABLE[kind] : (['open'] as const);
    if (!isAgain && !changeable.includes(letter.state)) throw notOpen(letter, kind);
    if (change.kind === 'redrive') await redrive(transaction, letter, change);
    else await discard(transaction, letter, change);
  };
}

/** Redriven, and nothing has come of it so far. */
const isWaiting = ({ state, has_succeeded }: LockedRow) => state === 'redriven' && !has_succeeded;

function notOpen(letter: LockedRow, kind: LetterWish['kind']): Problem {
  return new Problem({
    status: 409,
    code: NOT_OPEN,
    title: 'The dead letter is not open',
    detail: whyNotOpen(letter, kind),
  });
}

function whyNotOpen(letter: LockedRow, kind: LetterWish['kind']): string {
  if (letter.state === 'discarded') return 'It is discarded.';
  if (letter.has_succeeded) return 'It was redriven and has succeeded: nothing is left to be done.';
  const more = kind === 'redrive' ? ': with `again` it is sent once more' : '';
  return `It was redriven, and nothing has come of it so far${more}.`;
}
