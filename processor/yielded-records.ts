import type { Batch, LogRecord, Output, StoredRecord } from '../ports/log/log.ts';
import type { Codec } from '../schemas/codec.ts';
import { deadLetterOf } from '../schemas/dead-letter.ts';
import type { Lane } from '../schemas/types.ts';
import type { StepOutput } from './device-step.ts';
import type { Turn, TurnFrame } from './line-up.ts';
import type { ProcessorMetrics } from './metrics.ts';
import { type DeviceState, packState, STATE_VERSION } from './state.ts';

/** What a batch of a lane yields, as the records it is told in: what of it is committed, run-partition.ts decides. */
export interface YieldedRecords {
  toRecord(batch: Batch, turn: Turn, output: StepOutput, attemptsAt: (frame: TurnFrame) => number): Output;
  deadLetter(batch: Batch, record: StoredRecord, reason: Reason): Output;
  stateRecord(batch: Batch, deviceId: string, state: DeviceState, at: StatePlace): Output;
  /** In place of any that there was. */
  noState(deviceId: string): Output;
}

interface Reason {
  readonly code: string;
  readonly message: string;
  readonly frame?: TurnFrame;
  readonly attempts?: number;
}

interface StatePlace {
  /** Where the group comes to stand. */
  readonly place: bigint;
  /** The next record of the device to take, where that is past it. */
  readonly takenTo: bigint | null;
}

export function createYieldedRecords({
  lane,
  topic,
  codec,
  metrics,
}: {
  readonly lane: Lane;
  readonly topic: string;
  readonly codec: Pick<Codec, 'encode'>;
  readonly metrics: Pick<ProcessorMetrics, 'stateSize'>;
}): YieldedRecords {
  function deadLetter({ partition }: Batch, record: StoredRecord, reason: Reason): Output {
    const value = codec.encode('dead-letter', deadLetterOf(record, { ...reason, topic, partition }));
    return { topic: 'dead-letters', record: withTrace(record, { key: record.key, value }) };
  }

  const keyOf = (deviceId: string) => `${lane}/${deviceId}`;

  return {
    deadLetter,

    toRecord(batch, turn, output, attemptsAt) {
      const { record, deviceId: key } = turn;
      if (output.kind === 'rejected') {
        const ofFrame = turn.kind === 'frame' ? { frame: turn.frame, attempts: attemptsAt(turn.frame) } : {};
        return deadLetter(batch, record, { ...output, ...ofFrame });
      }
      const [name, value] =
        output.kind === 'event'
          ? (['events', codec.encode('event', output.event)] as const)
          : (['observations', codec.encode('observation', output.observation)] as const);
      return { topic: name, record: withTrace(record, { key, value }) };
    },

    stateRecord({ partition }, deviceId, state, { place, takenTo }) {
      const packed = packState(state);
      metrics.stateSize(packed.length);
      const value = codec.encode('tracker-state', {
        device_id: deviceId,
        lane,
        state_version: STATE_VERSION,
        topic,
        partition,
        offset: Number(place),
        taken_to: takenTo === null ? null : Number(takenTo),
        state: packed,
      });
      return { topic: 'tracker-state', record: { key: keyOf(deviceId), value } };
    },

    noState: (deviceId) => ({ topic: 'tracker-state', record: { key: keyOf(deviceId), value: null } }),
  };
}

/** A record that follows from another carries on its trace. */
function withTrace(origin: StoredRecord, record: LogRecord): LogRecord {
  return origin.headers ? { ...record, headers: origin.headers } : record;
}

export const DEAD = 'dead';

/** As it is counted: of what was skipped, why. */
export function outcomeOf(told: readonly StepOutput[]): string {
  const [first] = told;
  if (first?.kind !== 'observation') return DEAD;
  const { outcome, reason } = first.observation;
  return outcome === 'skipped' && reason !== null ? reason : outcome;
}

/** Of the dead letter that a frame came to; null for any other frame. */
export function deadCodeOf([first]: readonly StepOutput[]): string | null {
  return first?.kind === 'rejected' ? first.code : null;
}
