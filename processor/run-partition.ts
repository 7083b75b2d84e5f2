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
import { type Line, lineUp, newLine, type Turn } from './line-up.ts';
import type { ProcessorMetrics } from './metrics.ts';
import { readInput } from './read-input.ts';
import { type DeviceState, packState, STATE_VERSION, unpackState } from './state.ts';
import type { TakeTurns } from './take-turns.ts';
import type { Ticks } from './ticks.ts';

/**
 * The shell around the pure steps, for one lane: records are lined up, their turns taken, and what a batch yields is
 * committed with the state it leads to (promises 4 and 5). Turns are taken by take-turns.ts.
 */
export interface LaneDependencies {
  readonly lane: Lane;
  readonly codec: Codec;
  readonly takeTurns: TakeTurns;
  readonly ticks: Pick<Ticks<DeviceState>, 'watch'>;
  readonly batchRecordsMax: number;
  readonly metrics: ProcessorMetrics;
  readonly logger: Pick<Logger, 'debug' | 'error'>;
  onTrouble(trouble: Trouble): void;
}

type Devices = ReadonlyMap<string, DeviceState>;

export const topicOf: Readonly<Record<Lane, string>> = { live: 'frames', backlog: 'backlog' };

export function processLane(dependencies: LaneDependencies): Subscription<Devices> {
  const { lane, codec, takeTurns, ticks, metrics, logger, batchRecordsMax, onTrouble } = dependencies;
  const topic = topicOf[lane];

  async function open(
    { partition, committed }: Taken,
    changelog: AsyncIterable<StoredRecord>,
  ): Promise<Opened<Devices>> {
    const devices = new Map<string, DeviceState>();
    for await (const record of changelog) {
      const stored = readState(record, partition);
      if (stored?.lane !== lane) continue;
      if (stored.offset > committed) {
        throw new Error(
          `the state of ${stored.device_id} stands at ${stored.offset} of ${topic}/${partition}, where this ` +
            `group has only come to ${committed}: tracker-state and the group's offsets are not of the same log`,
        );
      }
      devices.set(stored.device_id, unpackState(stored.state_version, stored.state, codec));
    }
    metrics.taken(lane);
    ticks.watch(partition, devices);
    return { state: devices };
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

  async function step(before: Devices, batch: Batch): Promise<Stepped<Devices>> {
    const { lines, turns, outputs } = lineUpAll(before, batch);
    const sceneOf = (deviceId: string) => before.get(deviceId)?.scene ?? newScene;
    const { scenes, told } = await takeTurns(turns, sceneOf);
    for (const [at, turn] of turns.entries()) {
      const outputsOfTurn = told[at] ?? [];
      outputs.push(...outputsOfTurn.map((output) => toRecord(batch, turn, output)));
      if (turn.kind === 'frame') note(turn.frame, turn.record, outcomeOf(outputsOfTurn));
    }
    const devices = new Map(before);
    const last = batch.records.at(-1) as StoredRecord;
    for (const [deviceId, line] of lines) {
      const scene = scenes.get(deviceId) ?? sceneOf(deviceId);
      if (line === (before.get(deviceId)?.line ?? newLine) && scene === sceneOf(deviceId)) continue;
      const state = { line, scene };
      devices.set(deviceId, state);
      outputs.push(stateRecord(batch, last.offset + 1n, deviceId, state));
    }
    return { state: devices, outputs };
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

  function stateRecord({ partition }: Batch, offset: bigint, deviceId: string, state: DeviceState): Output {
    const packed = packState(state);
    metrics.stateSize(packed.length);
    const value = codec.encode('tracker-state', {
      device_id: deviceId,
      lane,
      state_version: STATE_VERSION,
      topic,
      partition,
      offset: Number(offset),
      state: packed,
    });
    return { topic: 'tracker-state', record: { key: `${lane}/${deviceId}`, value } };
  }

  return {
    topic,
    group: `processor-${lane}`,
    changelog: 'tracker-state',
    writes: ['observations', 'events', 'dead-letters'],
    batchRecordsMax,
    open,
    step,
    onCommitted({ partition, state, commitMs }) {
      metrics.took('commit', commitMs);
      metrics.followed({ lane, partition }, peopleIn(state));
      ticks.watch(partition, state);
    },
    onTrouble,
  };
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
