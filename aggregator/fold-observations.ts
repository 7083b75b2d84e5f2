import type { Lane, Observation, Outcome } from '../schemas/types.ts';

/**
 * What becomes one row: a frame that was looked at, or a run of frames, one after the other, that were passed over for
 * one reason. A run ends with the hour in which it began, so that none grows beyond what may be forgotten.
 */
export interface ObservationRow {
  /** The frame; of a run, the first one. */
  readonly frameId: string;
  readonly capturedAtMs: number;
  readonly deviceId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly lane: Lane;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly frames: number;
  readonly lastSeq: number;
  readonly lastCapturedAtMs: number;
  /** Null for a run. */
  readonly seen: Pick<Observation, 'motion' | 'objects'> | null;
  readonly model: string | null;
  readonly configVersion: number;
}

const HOUR_MS = 3_600_000;

/**
 * Rows that are new or have grown, in the order in which they were told. `lastRows` are the last of each device and lane
 * until now, so that it makes no difference where one batch ends and the next begins. Pure.
 */
export function foldObservations(
  lastRows: readonly ObservationRow[],
  observations: readonly Observation[],
): readonly ObservationRow[] {
  const last = new Map(lastRows.map((row) => [lineOf(row), row]));
  const changed = new Map<string, ObservationRow>();
  for (const observation of observations) {
    const told = rowOf(observation);
    const before = last.get(lineOf(told));
    if (before && isLastOf(before, told)) continue;
    const row = before && goesOn(before, told) ? longer(before, told) : told;
    // A frame that comes again, and is passed over then: what the first look found stays.
    if (row.seen === null && changed.get(row.frameId)?.seen) continue;
    last.set(lineOf(row), row);
    changed.set(row.frameId, row);
  }
  return [...changed.values()];
}

/** In each of which frames stand in one order. */
function lineOf({ lane, deviceId }: ObservationRow): string {
  return `${lane}/${deviceId}`;
}

/** A frame that was passed over, and is told of twice. */
function isLastOf(before: ObservationRow, told: ObservationRow): boolean {
  return told.seen === null && before.seen === null && told.epoch === before.epoch && told.seq === before.lastSeq;
}

function goesOn(before: ObservationRow, told: ObservationRow): boolean {
  return (
    before.seen === null &&
    told.seen === null &&
    before.reason === told.reason &&
    before.epoch === told.epoch &&
    before.configVersion === told.configVersion &&
    hourOf(before.capturedAtMs) === hourOf(told.capturedAtMs)
  );
}

function longer(run: ObservationRow, told: ObservationRow): ObservationRow {
  return { ...run, frames: run.frames + 1, lastSeq: told.seq, lastCapturedAtMs: told.capturedAtMs };
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}

function rowOf(observation: Observation): ObservationRow {
  const { outcome, seq, captured_at, motion, objects } = observation;
  return {
    frameId: observation.frame_id,
    capturedAtMs: captured_at,
    deviceId: observation.device_id,
    epoch: observation.epoch,
    seq,
    lane: observation.lane,
    outcome,
    reason: observation.reason,
    frames: 1,
    lastSeq: seq,
    lastCapturedAtMs: captured_at,
    seen: outcome === 'skipped' ? null : { motion, objects },
    model: observation.model,
    configVersion: observation.config_version,
  };
}
