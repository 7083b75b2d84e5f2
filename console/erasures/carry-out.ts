import pLimit from 'p-limit';
import type { Blobs } from '../../ports/blobs/blobs.ts';
import type { Clock } from '../../ports/clock/clock.ts';
import { Outage } from '../../ports/errors.ts';
import type { Log } from '../../ports/log/log.ts';
import { statement } from '../../ports/store/statement.ts';
import type { Store } from '../../ports/store/store.ts';
import type { Codec } from '../../schemas/codec.ts';
import { noteChange } from '../audit.ts';
import { createErasureSteps, type LoadedErasure, nextStep, type StepName } from './steps.ts';

/**
 * Carries erasures out, in the background and in pieces: each piece is done in the transaction that notes how far it has
 * come, under a lock of the erasure's row. So whoever sweeps goes on where another was stopped, and what is done
 * outside of the database before a commit that is lost is done again, which changes nothing.
 */
export interface CarryOut {
  /** What is asked for and not finished, until the signal. */
  sweep(signal: AbortSignal): Promise<void>;
}

/** How often to sweep. */
export const SWEEP_ERASURES_EVERY_MS = 1_000;
const ERASURES_PER_SWEEP = 100;
const ERROR_CHARS_MAX = 500;
/** After so long nothing that was under way when it was asked for comes any more: leases, remembered tokens, sums. */
export const SETTLE_MS = 15_000;

const sql = {
  unfinished: statement(import.meta.url, './sql/list-unfinished.sql'),
  lock: statement(import.meta.url, './sql/try-lock-erasure.sql'),
  load: statement(import.meta.url, './sql/load-erasure.sql'),
  note: statement(import.meta.url, './sql/note-step.sql'),
  noteError: statement(import.meta.url, './sql/note-error.sql'),
};

export interface CarryOutDependencies {
  readonly store: Store;
  readonly log: Pick<Log, 'append' | 'eraseConsumed'>;
  readonly blobs: Pick<Blobs, 'put' | 'head' | 'list' | 'delete'>;
  readonly codec: Pick<Codec, 'encode'>;
  readonly clock: Clock;
  readonly settleMs?: number;
  /** How much is done in one piece. */
  readonly rowsMax?: number;
}

export function createCarryOut({
  store,
  log,
  blobs,
  codec,
  clock,
  settleMs = SETTLE_MS,
  rowsMax = 1_000,
}: CarryOutDependencies): CarryOut {
  const steps = createErasureSteps({ log, blobs, codec, clock, settleMs, rowsMax });
  /** Appends and deletes within a transaction: if one of them does not answer, that is one connection and not all. */
  const inTurn = pLimit(1);

  /** One piece; false if there is nothing to do just now, or somebody else is about it. */
  async function takeNext(id: string): Promise<boolean> {
    return store.transaction(async (within) => {
      const [{ locked = false } = {}] = await within.run<{ locked: boolean }>(sql.lock, [id]);
      const [erasure] = locked ? await within.run<LoadedErasure>(sql.load, [id]) : [];
      if (!erasure) return false;
      const { outcome, gone = {}, forgottenAtMs = null } = await steps[erasure.step](within, erasure);
      if (outcome === 'waits') return false;
      const step: StepName = outcome === 'again' ? erasure.step : nextStep(erasure.step);
      const total = { ...erasure.gone };
      for (const [name, rows] of Object.entries(gone)) total[name] = (total[name] ?? 0) + rows;
      const now = new Date(clock.nowMs());
      const forgottenAt = forgottenAtMs === null ? null : new Date(forgottenAtMs);
      const finishedAt = outcome === 'finished' ? now : null;
      await within.run(sql.note, [id, step, total, forgottenAt, finishedAt]);
      if (finishedAt) await noteFinished(within, { ...erasure, gone: total }, now);
      return finishedAt === null;
    });
  }

  async function takeOrNote(id: string, failures: unknown[]): Promise<boolean> {
    try {
      return await inTurn(takeNext, id);
    } catch (error) {
      await store.run(sql.noteError, [id, wordsOf(error)]).catch(() => undefined);
      // To the next one an outage would be the same; what is wrong with one alone holds up no other.
      if (error instanceof Outage) throw error;
      failures.push(error);
      return false;
    }
  }

  function noteFinished(
    within: Parameters<typeof noteChange>[0],
    { id, user_id, username, devices, kind, gone }: LoadedErasure,
    now: Date,
  ): Promise<void> {
    const [deviceId = null] = devices.length === 1 ? devices : [];
    const by = { id: user_id, username };
    const details = { kind, gone };
    return noteChange(within, { atMs: now.getTime(), by, action: 'erasure-finish', subject: id, deviceId, details });
  }

  return {
    async sweep(signal) {
      const failures: unknown[] = [];
      const unfinished = await store.run<{ id: string }>(sql.unfinished, [ERASURES_PER_SWEEP]);
      // A piece of each in turn: a person does not wait for a device with millions of rows.
      for (let ids = unfinished.map(({ id }) => id); ids.length > 0; ) {
        const going: string[] = [];
        for (const id of ids) if (!signal.aborted && (await takeOrNote(id, failures))) going.push(id);
        ids = going;
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, ERROR_CHARS_MAX);
}
