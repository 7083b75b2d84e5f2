import type { Logger } from 'pino';
import type { Batch, Opened, Stepped, StoredRecord, Subscription, Taken, Trouble } from '../ports/log/log.ts';
import { traceIdOf } from '../ports/tracing/trace.ts';
import type { Tracing } from '../ports/tracing/tracing.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { letterSentAgain } from '../schemas/dead-letter.ts';
import type { Lane, TrackerState } from '../schemas/types.ts';
import { type Attempts, type AttemptsOptions, createAttempts } from './attempts.ts';
import { newScene } from './device-step.ts';
import { fairShare, type Share } from './fair-share.ts';
import { floodWords, noOutcomes, type Outcomes, withOutcomes } from './flood.ts';
import { createFrameSpans, type FrameSpans, noSpans } from './frame-spans.ts';
import { type Line, lineUp, newLine, type Turn, type TurnFrame } from './line-up.ts';
import type { ProcessorMetrics } from './metrics.ts';
import { isDeviceId, readInput } from './read-input.ts';
import { type DeviceState, unpackState } from './state.ts';
import type { TakeTurns } from './take-turns.ts';
import type { Ticks } from './ticks.ts';
import { createYieldedRecords, DEAD, deadCodeOf, outcomeOf } from './yielded-records.ts';

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
  readonly attempts: Omit<AttemptsOptions, 'onRetry'>;
  /** Whether a flood of dead letters stops a partition. */
  readonly flood: 'stop' | 'pass';
  readonly metrics: ProcessorMetrics;
  readonly tracing?: Tracing | null;
  readonly logger: Pick<Logger, 'debug' | 'warn' | 'error'>;
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
  /** Of the batch that led here. */
  readonly came: { readonly frames: readonly TurnFrame[]; readonly outcomes: Outcomes };
}

/** What is known of a partition beside its state, and survives that it is opened anew. */
interface Memory {
  readonly attempts: Attempts;
  outcomes: Outcomes;
  /** Of the batch that is not committed yet. */
  spans: FrameSpans;
}

/** A record that nothing can be made of, and why. */
interface Poison {
  readonly record: StoredRecord;
  readonly code: string;
  readonly message: string;
}

export const topicOf: Readonly<Record<Lane, string>> = { live: 'frames', backlog: 'backlog' };

export function processLane(dependencies: LaneDependencies): Subscription<LaneState> {
  const {
    lane,
    codec,
    takeTurns,
    ticks,
    metrics,
    tracing = null,
    logger,
    windowRecordsMax,
    batchEveryMs,
    onTrouble,
  } = dependencies;
  const topic = topicOf[lane];
  const yielded = createYieldedRecords({ lane, topic, codec, metrics });
  /** The partitions that are ours, as they were last opened or committed. */
  const ours = new Map<number, Devices>();
  const memories = new Map<number, Memory>();

  function memoryOf(partition: number): Memory {
    const known = memories.get(partition);
    if (known) return known;
    const attempts = createAttempts({
      ...dependencies.attempts,
      onRetry(frame, { code, message }, failures) {
        metrics.retried(lane, code);
        const of = { device: frame.device_id, frame: frame.frame_id, lane, code, failures };
        logger.warn({ ...of, reason: message }, 'a frame could not be analysed; its device waits');
      },
    });
    const memory = { attempts, outcomes: noOutcomes, spans: noSpans };
    memories.set(partition, memory);
    return memory;
  }

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
    return { state: { devices, ahead, came: { frames: [], outcomes: memoryOf(partition).outcomes } } };
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
    const { partition } = batch;
    const memory = memoryOf(partition);
    const { attempts } = memory;
    const spans = createFrameSpans(tracing, { topic, partition });
    memory.spans = spans;
    attempts.review();
    const waiting = batch.records.filter(({ key, offset }) => offset >= (state.ahead.get(key) ?? 0n));
    // Once for each device: its time may come while this is asked, and what lies behind a record that waits waits too.
    const held = new Set<string>();
    const due = waiting.filter((record) => {
      if (!held.has(record.key) && attempts.waitMsOf(record) > 0) held.add(record.key);
      return !held.has(record.key);
    });
    const tried = fairShare(due, dependencies).taken;
    const lined = lineUpAll(before, tried);
    const sceneOf = (deviceId: string) => before.get(deviceId)?.scene ?? newScene;
    const { scenes, told, givenUp, unfinished, failed } = await takeTurns(lined.turns, {
      sceneOf,
      attempts,
      spans,
    });
    for (const one of failed) attempts.wait(one, lined.byOffset.get(one.frame) ?? 0n);
    const [first] = failed;
    // Since then nothing has gone well with any other frame: that is an outage.
    if (first && failed.every((one) => attempts.isOutage(one))) throw first.cause;

    // As if nothing of a device that waits had been in the batch.
    const isFinished = (deviceId: string) => !unfinished.has(deviceId);
    const taken = new Set(tried.filter(({ key }) => isFinished(key)));
    const putOff = waiting.filter((record) => !taken.has(record));
    const turns = [...lined.turns.entries()]
      .map(([at, turn]) => ({ turn, told: told[at] ?? [] }))
      .filter(({ turn }) => isFinished(turn.deviceId));
    for (const turn of lined.turns) if (turn.kind === 'frame' && !isFinished(turn.deviceId)) spans.putOff(turn.frame);
    const poison = lined.poison.filter(({ record }) => isFinished(record.key));
    const frames = turns.flatMap((one) => (one.turn.kind === 'frame' ? [{ ...one.turn, told: one.told }] : []));

    const isAlone = new Set([...before.keys(), ...lined.lines.keys()]).size <= 1;
    const outcomes = outcomesAfter(partition, isAlone, [
      // What somebody sends again may fail again: that tells of no flood.
      ...poison
        .filter(({ record }) => letterSentAgain(record) === null)
        .map(({ record, code }) => ({ device: record.key, code })),
      ...frames
        .filter(({ redriven }) => !redriven)
        .map(({ deviceId, told }) => ({ device: deviceId, code: deadCodeOf(told) })),
    ]);

    for (const _ of poison) metrics.frame(lane, DEAD);
    for (const { frame, record } of lined.duplicates) if (isFinished(frame.device_id)) note(frame, record, 'duplicate');
    for (const { frame, record, told } of frames) {
      const code = deadCodeOf(told);
      if (givenUp.has(frame) && code !== null) metrics.givenUp(lane, code);
      note(frame, record, outcomeOf(told));
      spans.note(frame, outcomeOf(told));
    }
    const attemptsAt = (frame: TurnFrame) => attempts.failuresOf(frame) + (givenUp.has(frame) ? 0 : 1);
    const outputs = [
      ...poison.map(({ record, ...reason }) => yielded.deadLetter(batch, record, reason)),
      ...turns.flatMap(({ turn, told }) => {
        const from = spans.carrying(turn);
        return told.map((output) => yielded.toRecord(batch, from, output, attemptsAt));
      }),
    ];
    const place = putOff[0]?.offset ?? batch.readTo;
    const ahead = aheadOf(place, state.ahead, [...taken]);
    const devices = new Map(before);
    for (const deviceId of new Set([...lined.lines.keys(), ...tried.map(({ key }) => key)])) {
      if (!isFinished(deviceId)) continue;
      const lineBefore = before.get(deviceId)?.line ?? newLine;
      const line = lined.lines.get(deviceId) ?? lineBefore;
      const scene = scenes.get(deviceId) ?? sceneOf(deviceId);
      if (line === newLine && scene === newScene && devices.delete(deviceId)) {
        // It was erased: not even its place is kept, should others be put off.
        outputs.push(yielded.noState(deviceId));
        continue;
      }
      const isChanged = line !== lineBefore || scene !== sceneOf(deviceId);
      if (isChanged) devices.set(deviceId, { line, scene });
      const takenTo = ahead.get(deviceId) ?? null;
      if (isChanged || takenTo !== null) {
        outputs.push(yielded.stateRecord(batch, deviceId, { line, scene }, { place, takenTo }));
      }
    }
    metrics.putOff({ lane, partition }, putOff.length);
    const came = { frames: frames.map(({ frame }) => frame), outcomes };
    const waitMs = Math.min(...putOff.map((record) => attempts.waitMsOf(record)));
    return { state: { devices, ahead, came }, outputs, putOff, ...(putOff.length > 0 && { waitMs }) };
  }

  /**
   * Of the last records, after those with these codes of dead letters, null where there is none; throws where too many
   * would be dead, and so nothing is committed.
   */
  function outcomesAfter(partition: number, isAlone: boolean, next: Outcomes): Outcomes {
    const { attempts, outcomes: before } = memoryOf(partition);
    const { outcomes, isFlood } = withOutcomes(before, next, { isAlone });
    if (!isFlood || dependencies.flood === 'pass') return outcomes;
    attempts.reconsider();
    metrics.flooded({ lane, partition }, true);
    throw new Error(floodWords(next.flatMap(({ code }) => code ?? [])));
  }

  function lineUpAll(before: Devices, records: readonly StoredRecord[]) {
    const lines = new Map<string, Line>();
    const turns: Turn[] = [];
    /** By which record it came to be the turn of a frame, which may have been held until then. */
    const byOffset = new Map<TurnFrame, bigint>();
    const poison: Poison[] = [];
    const duplicates: { readonly frame: TurnFrame; readonly record: StoredRecord }[] = [];
    for (const record of records) {
      const input = readInput(record, codec);
      if (input.kind === 'ignored') continue;
      if (input.kind === 'poison') {
        poison.push({ record, code: input.code, message: input.message });
        continue;
      }
      const { deviceId } = input;
      if (deviceId !== record.key) {
        // In another partition than its device, or put off with another one: it has no place in any order.
        poison.push({ record, code: 'wrong-key', message: `the key is not ${deviceId}, whose record it is` });
        continue;
      }
      const line = lines.get(deviceId) ?? before.get(deviceId)?.line ?? newLine;
      const [next, due] = lineUp(line, input, record);
      lines.set(deviceId, next);
      turns.push(...due);
      for (const turn of due) if (turn.kind === 'frame') byOffset.set(turn.frame, record.offset);
      if (input.kind === 'frame' && next === line) duplicates.push({ frame: input.frame, record });
      if (input.kind === 'configuration') {
        const { version } = input.configuration;
        logger.debug({ device: deviceId, lane, version, applied: next !== line }, 'configuration');
      }
    }
    return { lines, turns, byOffset, poison, duplicates };
  }

  function note({ device_id, frame_id }: TurnFrame, { headers }: StoredRecord, outcome: string) {
    metrics.frame(lane, outcome);
    const trace_id = traceIdOf(headers?.traceparent);
    logger.debug({ device: device_id, frame: frame_id, trace_id, lane, outcome }, 'frame');
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
      const memory = memoryOf(partition);
      memory.spans.committed(commitMs);
      memory.attempts.settle(state.came.frames);
      memory.outcomes = state.came.outcomes;
      metrics.flooded({ lane, partition }, false);
      keep(partition, state.devices);
    },
    onReleased({ partition, state }) {
      // Somebody of this process may have it again before its former loop has ended.
      if (ours.get(partition) !== state.devices) return;
      ours.delete(partition);
      memories.delete(partition);
      ticks.forget(partition);
      metrics.released({ lane, partition });
    },
    onTrouble(trouble) {
      if (trouble.partition !== null) memories.get(trouble.partition)?.spans.broken(trouble.error);
      onTrouble(trouble);
    },
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
