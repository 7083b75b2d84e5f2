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

/** What a row is known by: a frame may have begun a run, and be looked at later. */
export type RowKey = Pick<ObservationRow, 'frameId' | 'outcome'>;

/** What is there before a batch, so that it makes no difference where one ends and the next begins. */
export interface RowsBefore {
  /** Runs that are the last of their device and lane. */
  readonly lastRuns: readonly ObservationRow[];
  /** Of the frames of the batch, those that have rows of their own, or begin runs. */
  readonly known: readonly RowKey[];
}

export interface FoldedObservations {
  /** Rows that are new or have grown, in the order in which they were told first. */
  readonly rows: readonly ObservationRow[];
  /** Those that are now the last of their device and lane, in place of others. */
  readonly last: readonly ObservationRow[];
}

/** Pure. */
export function foldObservations(
  { lastRuns, known }: RowsBefore,
  observations: readonly Observation[],
): FoldedObservations {
  const last = new Map(lastRuns.map((row) => [lineOf(row), row]));
  const there = new Set(known.map(keyOf));
  const changed = new Map<string, ObservationRow>();
  const succeeding = new Set<string>();
  for (const observation of observations) {
    const told = rowOf(observation);
    const { frameId } = told;
    const wasLookedAt = there.has(keyOf({ frameId, outcome: 'analysed' }));
    // A frame that comes again, and is passed over then: its row stays as it is, and a run as long as it has become.
    if (told.seen === null && (wasLookedAt || there.has(keyOf(told)))) continue;
    const before = last.get(lineOf(told));
    if (before && isLastOf(before, told)) continue;
    const isLonger = before !== undefined && goesOn(before, told);
    const row = isLonger ? longer(before, told) : told;
    changed.set(keyOf(row), row);
    there.add(keyOf(row));
    // The second look at a frame takes the place of the first one, and not the last.
    if (told.seen && wasLookedAt) continue;
    last.set(lineOf(row), row);
    if (!isLonger) succeeding.add(lineOf(row));
  }
  return {
    rows: [...changed.values()],
    last: [...last].flatMap(([line, row]) => (succeeding.has(line) ? row : [])),
  };
}

function keyOf({ frameId, outcome }: RowKey): string {
  return `${frameId}/${outcome}`;
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
