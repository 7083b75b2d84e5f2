import { statement } from '../ports/store/statement.ts';
import type { Queryable } from '../ports/store/store.ts';
import type { Lane, Observation, Outcome } from '../schemas/types.ts';
import { foldObservations, type ObservationRow, type RowKey } from './fold-observations.ts';
import type { Read } from './read-record.ts';
import { storableJson } from './storable.ts';

const sql = {
  last: statement(import.meta.url, './sql/last-observations.sql'),
  find: statement(import.meta.url, './sql/find-observed.sql'),
  upsert: statement(import.meta.url, './sql/upsert-observations.sql'),
  upsertLast: statement(import.meta.url, './sql/upsert-last-observations.sql'),
};

interface LastRow {
  readonly frame_id: string;
  readonly captured_at: Date;
  readonly device_id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly lane: Lane;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly frames: number;
  readonly last_seq: number;
  readonly last_captured_at: Date;
  readonly model: string | null;
  readonly config_version: number;
}

/**
 * What was seen in frames becomes rows, as fold-observations.ts says. Who reads the last rows and writes those that follow
 * holds the partition's offset, and with it the devices: nobody else writes theirs in between.
 */
export async function writeObservations(transaction: Queryable, reads: readonly Read<Observation>[]): Promise<void> {
  if (reads.length === 0) return;
  const observations = reads.map(({ value }) => value);
  const lastRuns = await lastRunsOf(transaction, observations);
  const known = await knownOf(transaction, observations);
  const { rows, last } = foldObservations({ lastRuns, known }, observations);
  if (rows.length === 0) return;
  await transaction.run(sql.upsert, [
    rows.map(({ frameId }) => frameId),
    rows.map(({ capturedAtMs }) => new Date(capturedAtMs)),
    rows.map(({ deviceId }) => deviceId),
    rows.map(({ epoch }) => epoch),
    rows.map(({ seq }) => seq),
    rows.map(({ lane }) => lane),
    rows.map(({ outcome }) => outcome),
    rows.map(({ reason }) => reason),
    rows.map(({ frames }) => frames),
    rows.map(({ lastSeq }) => lastSeq),
    rows.map(({ lastCapturedAtMs }) => new Date(lastCapturedAtMs)),
    rows.map(({ seen }) => seen?.motion?.score ?? null),
    rows.map(({ seen }) => (seen?.motion ? storableJson(seen.motion.boxes) : null)),
    rows.map(({ seen }) => (seen ? storableJson(seen.objects) : null)),
    rows.map(({ model }) => model),
    rows.map(({ configVersion }) => configVersion),
  ]);
  if (last.length === 0) return;
  await transaction.run(sql.upsertLast, [
    last.map(({ deviceId }) => deviceId),
    last.map(({ lane }) => lane),
    last.map(({ frameId }) => frameId),
    last.map(({ capturedAtMs }) => new Date(capturedAtMs)),
    last.map(({ outcome }) => outcome),
  ]);
}

/** The last row of each device and lane, where that is a run, which may go on. */
async function lastRunsOf(
  transaction: Queryable,
  observations: readonly Observation[],
): Promise<readonly ObservationRow[]> {
  const lines = [...new Map(observations.map((told) => [`${told.lane}/${told.device_id}`, told])).values()];
  const rows = await transaction.run<LastRow>(sql.last, [
    lines.map(({ device_id }) => device_id),
    lines.map(({ lane }) => lane),
  ]);
  return rows.map((row) => ({
    frameId: row.frame_id,
    capturedAtMs: row.captured_at.getTime(),
    deviceId: row.device_id,
    epoch: row.epoch,
    seq: row.seq,
    lane: row.lane,
    outcome: row.outcome,
    reason: row.reason,
    frames: row.frames,
    lastSeq: row.last_seq,
    lastCapturedAtMs: row.last_captured_at.getTime(),
    seen: null,
    model: row.model,
    configVersion: row.config_version,
  }));
}

async function knownOf(transaction: Queryable, observations: readonly Observation[]): Promise<readonly RowKey[]> {
  const times = observations.map(({ captured_at }) => captured_at);
  const rows = await transaction.run<Pick<LastRow, 'frame_id' | 'outcome'>>(sql.find, [
    observations.map(({ frame_id }) => frame_id),
    times.map((atMs) => new Date(atMs)),
    new Date(Math.min(...times)),
    new Date(Math.max(...times)),
  ]);
  return rows.map(({ frame_id, outcome }) => ({ frameId: frame_id, outcome }));
}
