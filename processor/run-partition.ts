import type { Logger } from 'pino';
import type {
  Batch,
  LogRecord,
  Opened,
  Output,
  Stepped,
  StoredRecord,
  Subscription,
  Taken,
  Trouble,
} from '../ports/log/log.ts';
import { traceIdOf } from '../ports/trace.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { deadLetterOf } from '../schemas/dead-letter.ts';
import type { Frame, Lane, TrackerState } from '../schemas/types.ts';
import { newScene, type StepOutput } from './device-step.ts';
import { fairShare, type Share } from './fair-share.ts';
import { type Line, lineUp, newLine, type Turn } from './line-up.ts';
import type { ProcessorMetrics } from './metrics.ts';
import { isDeviceId, readInput } from './read-input.ts';
import { type DeviceState, packState, STATE_VERSION, unpackState } from './state.ts';
import type { TakeTurns } from './take-turns.ts';
import type { Ticks } from './ticks.ts';

/**
 * The shell around the pure steps, for one lane: records are shared out (fair-share.ts) and lined up, their turns taken
 * (take-turns.ts), and what a batch yields is committed with the state it leads to (promises 4 and 5).
 */
export interface LaneDependencies extends Share {
  readonly lane: Lane;
  readonly codec: Codec;
  readonly takeTurns: TakeTurns;
  readonly ticks: Pick<Ticks<DeviceState>, 'watch' | 'forget'>;
  /** How far ahead one looks for devices that would else wait for the others. */
  readonly windowRecordsMax: number;
  readonly batchEveryMs: number;
  readonly metrics: ProcessorMetrics;
  readonly logger: Pick<Logger, 'debug' | 'error'>;
  onTrouble(trouble: Trouble): void;
}

type Devices = ReadonlyMap<string, DeviceState>;

interface LaneState {
  readonly devices: Devices;
  /**
   * By key, the next record to take, where that is past the place of the group, which stays before what was put off.
   * What lies before it comes again after a restart, and is passed over.
   */
  readonly ahead: ReadonlyMap<string, bigint>;
}

export const topicOf: Readonly<Record<Lane, string>> = { live: 'frames', backlog: 'backlog' };

export function processLane(dependencies: LaneDependencies): Subscription<LaneState> {
  const { lane, codec, takeTurns, ticks, metrics, logger, windowRecordsMax, batchEveryMs, onTrouble } = dependencies;
  const topic = topicOf[lane];
  /** The partitions that are ours, as they were last opened or committed. */
  const ours = new Map<number, Devices>();

  function keep(partition: number, devices: Devices): void {
    ours.set(partition, devices);
    ticks.watch(partition, devices);
  }

  async function open(
    { partition, committed }: Taken,
    changelog: AsyncIterable<StoredRecord>,
  ): Promise<Opened<LaneState>> {
    const devices = new Map<string, DeviceState>();
    const ahead = new Map<string, bigint>();
    for await (const record of changelog) {
      const stored = readState(record, partition);
      if (stored?.lane !== lane) continue;
      if (stored.offset > committed) {
        throw new Error(
          `the state of ${stored.device_id} stands at ${stored.offset} of ${topic}/${partition}, where this ` +
            `group has only come to ${committed}: tracker-state and the group's offsets are not of the same log`,
        );
      }
      if (stored.taken_to !== null) ahead.set(stored.device_id, BigInt(stored.taken_to));
      devices.set(stored.device_id, unpackState(stored.state_version, stored.state, codec));
    }
    metrics.taken(lane);
    keep(partition, devices);
    return { state: { devices, ahead } };
  }

  /** What is no state, whoever has written it, is passed over: to stop for it would be to stop for good. */
  function readState({ key, value }: StoredRecord, partition: number): TrackerState | null {
    try {
      const stored = value && codec.decode(value);
      if (stored?.name === 'tracker-state') return stored.value;
      logger.error({ partition, key }, 'a record of tracker-state is none');
    } catch (error) {
      if (!(error instanceof UndecodableRecord)) throw error;
      logger.error({ partition, key, error }, 'a record of tracker-state cannot be read');
    }
    return null;
  }

  async function step(state: LaneState, batch: Batch): Promise<Stepped<LaneState>> {
    const { devices: before } = state;
    const waiting = batch.records.filter(({ key, offset }) => offset >= (state.ahead.get(key) ?? 0n));
    const { taken, putOff } = fairShare(waiting, dependencies);
    const place = putOff[0]?.offset ?? batch.readTo;
    const ahead = aheadOf(place, state.ahead, taken);
    const { lines, turns, outputs } = lineUpAll(before, { ...batch, records: taken });
    const sceneOf = (deviceId: string) => before.get(deviceId)?.scene ?? newScene;
    const { scenes, told } = await takeTurns(turns, sceneOf);
    for (const [at, turn] of turns.entries()) {
      const outputsOfTurn = told[at] ?? [];
      outputs.push(...outputsOfTurn.map((output) => toRecord(batch, turn, output)));
      if (turn.kind === 'frame') note(turn.frame, turn.record, outcomeOf(outputsOfTurn));
    }
    const devices = new Map(before);
    for (const deviceId of new Set([...lines.keys(), ...taken.map(({ key }) => key)])) {
      const lineBefore = before.get(deviceId)?.line ?? newLine;
      const line = lines.get(deviceId) ?? lineBefore;
      const scene = scenes.get(deviceId) ?? sceneOf(deviceId);
      const isChanged = line !== lineBefore || scene !== sceneOf(deviceId);
      if (isChanged) devices.set(deviceId, { line, scene });
      const takenTo = ahead.get(deviceId) ?? null;
      if (isChanged || takenTo !== null) {
        outputs.push(stateRecord(batch, deviceId, { line, scene }, { place, takenTo }));
      }
    }
    metrics.putOff({ lane, partition: batch.partition }, putOff.length);
    return { state: { devices, ahead }, outputs, putOff };
  }

  function lineUpAll(before: Devices, batch: Batch) {
    const lines = new Map<string, Line>();
    const turns: Turn[] = [];
    const outputs: Output[] = [];
    for (const record of batch.records) {
      const input = readInput(record, codec);
      if (input.kind === 'ignored') continue;
      if (input.kind === 'poison') {
        outputs.push(deadLetter(batch, record, { code: input.code, message: input.message }));
        metrics.frame(lane, 'dead');
        continue;
      }
      const { deviceId } = input;
      const line = lines.get(deviceId) ?? before.get(deviceId)?.line ?? newLine;
      const [next, due] = lineUp(line, input, record);
      lines.set(deviceId, next);
      turns.push(...due);
      if (input.kind === 'frame' && next === line) note(input.frame, record, 'duplicate');
      if (input.kind === 'configuration') {
        const { version } = input.configuration;
        logger.debug({ device: deviceId, lane, version, applied: next !== line }, 'configuration');
      }
    }
    return { lines, turns, outputs };
  }

  function note({ device_id, frame_id }: Frame, { headers }: StoredRecord, outcome: string) {
    metrics.frame(lane, outcome);
    const trace_id = traceIdOf(headers?.traceparent);
    logger.debug({ device: device_id, frame: frame_id, trace_id, lane, outcome }, 'frame');
  }

  function toRecord(batch: Batch, turn: Turn, output: StepOutput): Output {
    const { record, deviceId: key } = turn;
    if (output.kind === 'rejected') {
      return deadLetter(batch, record, { ...output, ...(turn.kind === 'frame' && { frame: turn.frame }) });
    }
    const [name, value] =
      output.kind === 'event'
        ? (['events', codec.encode('event', output.event)] as const)
        : (['observations', codec.encode('observation', output.observation)] as const);
    return { topic: name, record: withTrace(record, { key, value }) };
  }

  function deadLetter(
    { partition }: Batch,
    record: StoredRecord,
    reason: { readonly code: string; readonly message: string; readonly frame?: Frame },
  ): Output {
    const value = codec.encode('dead-letter', deadLetterOf(record, { ...reason, topic, partition }));
    return { topic: 'dead-letters', record: withTrace(record, { key: record.key, value }) };
  }

  function stateRecord(
    { partition }: Batch,
    deviceId: string,
    state: DeviceState,
    { place, takenTo }: { readonly place: bigint; readonly takenTo: bigint | null },
  ): Output {
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
    return { topic: 'tracker-state', record: { key: `${lane}/${deviceId}`, value } };
  }

  return {
    topic,
    group: `processor-${lane}`,
    changelog: 'tracker-state',
    writes: ['observations', 'events', 'dead-letters'],
    batchRecordsMax: windowRecordsMax,
    batchEveryMs,
    open,
    step,
    onCommitted({ partition, state, commitMs }) {
      metrics.took('commit', commitMs);
      metrics.followed({ lane, partition }, () => peopleIn(state.devices));
      keep(partition, state.devices);
    },
    onReleased({ partition, state }) {
      // Somebody of this process may have it again before its former loop has ended.
      if (ours.get(partition) !== state.devices) return;
      ours.delete(partition);
      ticks.forget(partition);
      metrics.released({ lane, partition });
    },
    onTrouble,
  };
}

/** A key that no device can have has no state to stand in: its dead letter may come again, with the same id. */
function aheadOf(
  place: bigint,
  before: LaneState['ahead'],
  taken: readonly StoredRecord[],
): ReadonlyMap<string, bigint> {
  const next = taken.map(({ key, offset }) => [key, offset + 1n] as const);
  return new Map([...before, ...next].filter(([key, offset]) => offset > place && isDeviceId(key)));
}

function peopleIn(devices: Devices): number {
  let people = 0;
  for (const { scene } of devices.values()) {
    people += scene.tracks.live.filter(({ personId }) => personId !== null).length;
  }
  return people;
}

/** A record that follows from another carries on its trace. */
function withTrace(origin: StoredRecord, record: LogRecord): LogRecord {
  return origin.headers ? { ...record, headers: origin.headers } : record;
}

/** As it is counted: of what was skipped, why. */
function outcomeOf(told: readonly StepOutput[]): string {
  const [first] = told;
  if (first?.kind !== 'observation') return 'dead';
  const { outcome, reason } = first.observation;
  return outcome === 'skipped' && reason !== null ? reason : outcome;
}
