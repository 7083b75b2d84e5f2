import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import { traceIdOf } from '../ports/tracing/trace.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { type DeadFrame, deadFrameIn } from '../schemas/dead-letter.ts';
import type { Attempt, DeadLetter, Frame, Observation } from '../schemas/types.ts';
import { newestById } from './newest-by-id.ts';
import type { Read } from './read-record.ts';

const sql = {
  insert: statement(import.meta.url, './sql/insert-captures.sql'),
  confirm: statement(import.meta.url, './sql/confirm-frames.sql'),
  note: statement(import.meta.url, './sql/note-attempts.sql'),
  finish: statement(import.meta.url, './sql/finish-captures.sql'),
};

export async function writeFrames(transaction: Queryable, reads: readonly Read<Frame>[]): Promise<void> {
  const rows = newestById(reads, ({ value }) => value.frame_id);
  if (rows.length === 0) return;
  await transaction.run(sql.insert, [
    rows.map(({ value }) => value.frame_id),
    rows.map(({ value }) => new Date(value.captured_at)),
    rows.map(({ value }) => value.device_id),
    rows.map(({ value }) => value.epoch),
    rows.map(({ value }) => value.seq),
    rows.map(({ value }) => value.time_quality),
    rows.map(({ value }) => value.lane),
    rows.map(({ value }) => new Date(value.received_at)),
    rows.map(({ value }) => value.blob_key),
    rows.map(({ value }) => value.size_bytes),
    rows.map(({ value }) => value.sha256),
    rows.map(({ record }) => traceIdOf(record.headers?.traceparent)),
  ]);
  // Ingest has done so already, unless it died before it could.
  await transaction.run(sql.confirm, [
    rows.map(({ value }) => value.device_id),
    rows.map(({ value }) => value.epoch),
    rows.map(({ value }) => value.seq),
  ]);
}

/** How analyses stand that take long or have failed. Told outside of any transaction: some may be missing, or old. */
export async function noteAttempts(transaction: Queryable, reads: readonly Read<Attempt>[]): Promise<void> {
  const rows = newestById(reads, ({ value }) => value.frame_id).map(({ value }) => value);
  if (rows.length === 0) return;
  await transaction.run(sql.note, [
    rows.map(({ frame_id }) => frame_id),
    rows.map(({ captured_at }) => new Date(captured_at)),
    rows.map(({ device_id }) => device_id),
    rows.map(({ epoch }) => epoch),
    rows.map(({ seq }) => seq),
    rows.map(({ lane }) => lane),
    rows.map(({ state }) => state),
    rows.map(({ attempts }) => attempts),
    rows.map(({ error }) => error),
  ]);
}

/** What a frame's analysis came to, from its observation or from the letter that says it is dead. */
interface Finish {
  readonly of: Pick<Frame, 'frame_id' | 'captured_at' | 'device_id' | 'epoch' | 'seq' | 'lane'>;
  readonly state: 'done' | 'dead';
  readonly attempts: number;
  readonly error: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly motion: number | null;
}

export async function finishByObservations(transaction: Queryable, reads: readonly Read<Observation>[]): Promise<void> {
  const finishes = newestById(reads, ({ value }) => value.frame_id).map(({ value }): Finish => {
    const { width, height, motion } = value;
    return { of: value, state: 'done', attempts: 1, error: null, width, height, motion: motion?.score ?? null };
  });
  await finish(transaction, finishes);
}

export async function finishByDeadLetters(
  transaction: Queryable,
  reads: readonly Read<DeadLetter>[],
  codec: Codec,
): Promise<void> {
  const finishes = reads.flatMap(({ value }): Finish[] => {
    const frame = deadFrame(value, codec);
    if (!frame) return [];
    const error = `${value.code}: ${value.message}`;
    return [{ of: frame, state: 'dead', attempts: value.attempts, error, width: null, height: null, motion: null }];
  });
  await finish(
    transaction,
    newestById(finishes, ({ of }) => of.frame_id),
  );
}

async function finish(transaction: Queryable, rows: readonly Finish[]): Promise<void> {
  if (rows.length === 0) return;
  await transaction.run(sql.finish, [
    rows.map(({ of }) => of.frame_id),
    rows.map(({ of }) => new Date(of.captured_at)),
    rows.map(({ of }) => of.device_id),
    rows.map(({ of }) => of.epoch),
    rows.map(({ of }) => of.seq),
    rows.map(({ of }) => of.lane),
    rows.map(({ state }) => state),
    rows.map(({ attempts }) => attempts),
    rows.map(({ error }) => error),
    rows.map(({ width }) => width),
    rows.map(({ height }) => height),
    rows.map(({ motion }) => motion),
  ]);
}

/** Null where the record that failed says of no frame, or nothing at all. */
function deadFrame({ original_value }: DeadLetter, codec: Codec): DeadFrame | null {
  if (!original_value) return null;
  try {
    return deadFrameIn(codec.decode(original_value));
  } catch (error) {
    if (error instanceof UndecodableRecord) return null;
    throw error;
  }
}
