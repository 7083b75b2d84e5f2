import type { LimitFunction } from 'p-limit';
import type { Logger } from 'pino';
import { type Blobs, requireKey } from '../ports/blobs/blobs.ts';
import type { NoPicture } from '../ports/detector/picture.ts';
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
import { type Configuration, newerOf } from './configuration.ts';
import { configureDevice, type DeviceState, newDevice, type StepOutput, stepDevice } from './device-step.ts';
import type { Look, LookAt } from './look.ts';
import type { ProcessorMetrics } from './metrics.ts';
import type { MotionGrid } from './motion.ts';
import { type Input, readInput } from './read-input.ts';
import { packState, STATE_VERSION, unpackState } from './state.ts';

/**
 * The shell around the pure step, for one lane: pictures are fetched and looked at ahead and at once, frames are stepped
 * one by one in the log's order, and what a batch yields is committed with the state it leads to (promises 4 and 5).
 * The step itself is device-step.ts.
 */
export interface LaneDependencies {
  readonly lane: Lane;
  readonly blobs: Blobs;
  readonly codec: Codec;
  readonly lookAt: LookAt;
  /** The size of the small picture that `lookAt` makes. */
  readonly grid: MotionGrid;
  /** Shared by all lanes and partitions, so that memory and processors are bounded once for all. */
  readonly limit: LimitFunction;
  readonly batchRecordsMax: number;
  readonly metrics: ProcessorMetrics;
  readonly logger: Pick<Logger, 'debug' | 'error'>;
  onTrouble(trouble: Trouble): void;
}

type Devices = ReadonlyMap<string, DeviceState>;

const TOPIC_OF: Readonly<Record<Lane, string>> = { live: 'frames', backlog: 'backlog' };

export function processLane(dependencies: LaneDependencies): Subscription<Devices> {
  const { lane, codec, grid, metrics, logger, batchRecordsMax, onTrouble } = dependencies;
  const topic = TOPIC_OF[lane];

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
      devices.set(stored.device_id, unpackState(stored.state_version, stored.state));
    }
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
    const inputs = batch.records.map((record) => readInput(record, codec));
    const looks = await metrics.time('look', () => lookAtAll(seenFrames(before, inputs)));
    const devices = new Map(before);
    const outputs: Output[] = [];
    for (const [at, input] of inputs.entries()) {
      const record = batch.records[at] as StoredRecord;
      if (input.kind === 'ignored') continue;
      if (input.kind === 'poison') {
        outputs.push(deadLetter(batch, record, { code: input.code, message: input.message }));
        metrics.frame(lane, 'dead');
        continue;
      }
      if (input.kind === 'configuration') {
        const { deviceId, configuration } = input;
        const { version } = configuration;
        const state = devices.get(deviceId) ?? newDevice;
        const next = configureDevice(state, configuration);
        if (next !== state) devices.set(deviceId, next);
        logger.debug({ device: deviceId, lane, version, applied: next !== state }, 'configuration');
        continue;
      }
      const { frame } = input;
      const state = devices.get(frame.device_id) ?? newDevice;
      const [next, told] = stepDevice(state, { frame, look: looks.get(frame) ?? null }, grid);
      devices.set(frame.device_id, next);
      outputs.push(...told.map((output) => toRecord(batch, record, frame, output)));
      const outcome = outcomeOf(told);
      metrics.frame(lane, outcome);
      const trace_id = traceIdOf(record.headers?.traceparent);
      logger.debug({ device: frame.device_id, frame: frame.frame_id, trace_id, lane, outcome }, 'frame');
    }
    const last = batch.records.at(-1) as StoredRecord;
    for (const [deviceId, state] of devices) {
      if (state !== before.get(deviceId)) outputs.push(stateRecord(batch, last.offset + 1n, deviceId, state));
    }
    return { state: devices, outputs };
  }

  /** All, or none: when one cannot be read now, no more are begun, and those under way are waited for. */
  async function lookAtAll(frames: readonly Frame[]): Promise<ReadonlyMap<Frame, Look | NoPicture>> {
    const givenUp = new AbortController();
    const looks = new Map<Frame, Look | NoPicture>();
    await Promise.allSettled(
      frames.map(async (frame) => {
        try {
          looks.set(frame, await lookAtFrame(frame, givenUp.signal));
        } catch (error) {
          givenUp.abort(error);
        }
      }),
    );
    givenUp.signal.throwIfAborted();
    return looks;
  }

  async function lookAtFrame(frame: Frame, givenUp: AbortSignal): Promise<Look | NoPicture> {
    try {
      requireKey(frame.blob_key);
    } catch (error) {
      // Refused for good: taken for an outage, it would hold up the partition for ever.
      return { code: 'bad-blob-key', message: error instanceof Error ? error.message : String(error) };
    }
    return dependencies.limit(async () => {
      givenUp.throwIfAborted();
      const jpeg = await dependencies.blobs.get(frame.blob_key);
      if (jpeg) return dependencies.lookAt(jpeg);
      return { code: 'picture-missing', message: `there is no ${frame.blob_key} in the blob store` };
    });
  }

  function toRecord(batch: Batch, record: StoredRecord, frame: Frame, output: StepOutput): Output {
    if (output.kind === 'rejected') return deadLetter(batch, record, { ...output, frame });
    const [name, value] =
      output.kind === 'event'
        ? (['events', codec.encode('event', output.event)] as const)
        : (['observations', codec.encode('observation', output.observation)] as const);
    return { topic: name, record: withTrace(record, { key: frame.device_id, value }) };
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
    const value = codec.encode('tracker-state', {
      device_id: deviceId,
      lane,
      state_version: STATE_VERSION,
      topic,
      partition,
      offset: Number(offset),
      state: packState(state),
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
    onTrouble,
  };
}

/** The frames to look at: those of a device that is paused at their place are left alone. */
function seenFrames(before: Devices, inputs: readonly Input[]): readonly Frame[] {
  const configurations = new Map<string, Configuration>();
  const configurationOf = (deviceId: string) =>
    configurations.get(deviceId) ?? (before.get(deviceId) ?? newDevice).configuration;
  return inputs.flatMap((input) => {
    if (input.kind === 'configuration') {
      configurations.set(input.deviceId, newerOf(configurationOf(input.deviceId), input.configuration));
    }
    if (input.kind !== 'frame') return [];
    return configurationOf(input.frame.device_id).settings.device.paused ? [] : [input.frame];
  });
}

/** A record that follows from another carries on its trace. */
function withTrace(origin: StoredRecord, record: LogRecord): LogRecord {
  return origin.headers ? { ...record, headers: origin.headers } : record;
}

function outcomeOf(told: readonly StepOutput[]): string {
  const [first] = told;
  if (!first) return 'duplicate';
  if (first.kind === 'rejected') return 'dead';
  return first.kind === 'observation' ? first.observation.outcome : 'analysed';
}
