import type { NoPicture } from '../ports/detector/picture.ts';
import type { StoredRecord } from '../ports/log/log.ts';
import type { Attempt } from '../schemas/types.ts';
import { Doubted } from './fetch-picture.ts';
import type { TurnFrame } from './line-up.ts';
import {
  type Backoff,
  type Failure,
  failuresOf,
  isOutage,
  nothingWentWell,
  oneMore,
  overcome,
  type Retry,
  retryAfter,
  type Stage,
  usualBackoff,
  verdictOn,
} from './retries.ts';

/**
 * The attempts at the frames of one partition of a lane: what retries.ts decides of, remembered. It outlives a partition
 * that is opened anew, as after an outage, and not the process: there a frame's attempts begin from the first.
 */
export interface Attempts {
  /** Of the frames that devices wait for, tells which failures have come to count since: before each batch. */
  review(): void;
  /** How long a record has to wait by now for a frame of its device; 0 if it may be taken. */
  waitMsOf(record: Pick<StoredRecord, 'key' | 'offset'>): number;
  /** What is said of a frame that is not tried again; null where it is. */
  givenUp(frame: TurnFrame): NoPicture | null;
  /** Does the work on the frame, and throws a `Failed` when that throws. */
  make<Result extends object>(stage: Stage, frame: TurnFrame, work: () => Promise<Result>): Promise<Result>;
  /** The device waits for this frame, from the record on by which it came to be its turn. */
  wait(failed: Failed, from: bigint): void;
  /** Whether nothing else has gone well since. */
  isOutage(failed: Failed): boolean;
  /** How many attempts at a frame have failed. */
  failuresOf(frame: TurnFrame): number;
  /** What these frames came to is committed. */
  settle(frames: readonly TurnFrame[]): void;
  /** What was given up is tried once more. */
  reconsider(): void;
}

/** A frame could not be analysed just now, for a reason that may not be its own. */
export class Failed extends Error {
  readonly frame: TurnFrame;
  readonly failure: Failure;
  constructor(frame: TurnFrame, failure: Failure, cause: unknown) {
    super(failure.message, { cause });
    this.frame = frame;
    this.failure = failure;
  }
}

export type Told = Pick<Attempt, 'state' | 'attempts' | 'error'>;

export interface AttemptsOptions {
  readonly attemptsMax: number;
  readonly wentWell: WentWell;
  tell(frame: TurnFrame, told: Told): void;
  onRetry(frame: TurnFrame, failure: Failure, failures: number): void;
  readonly backoff?: Backoff;
  readonly random?: () => number;
  readonly monotonicMs?: () => number;
}

/** Of all lanes and partitions: they have one store and one detector. */
export type WentWell = Record<Stage, number>;

export const createWentWell = (): WentWell => ({ ...nothingWentWell });

/** A frame that takes milliseconds is not worth a record. */
const LONG_MS = 1_000;

const CODES: Readonly<Record<Stage, string>> = {
  fetch: 'picture-unavailable',
  decode: 'decoder-failed',
  look: 'detector-failed',
};

interface Waiting {
  readonly frame: TurnFrame;
  readonly retry: Retry;
  /** As far as was told. */
  readonly failures: number;
}

export function createAttempts({
  attemptsMax,
  wentWell: wentWellMs,
  tell,
  onRetry,
  backoff = usualBackoff,
  random = Math.random,
  monotonicMs = () => performance.now(),
}: AttemptsOptions): Attempts {
  /** By frame: of a device also those that are given up, until that is committed. */
  const waiting = new Map<string, Waiting>();
  /** By device, for which frame it waits, and where. */
  const holds = new Map<string, { readonly frameId: string; readonly from: bigint }>();
  /** By device, the attempt that was last told to be under way: each is told once, however often an outage repeats it. */
  const running = new Map<string, string>();

  const verdict = ({ retry }: Waiting) => verdictOn(retry, { nowMs: monotonicMs(), wentWellMs, attemptsMax });

  /** Whether a failure counts may show after it. */
  function reviewOne(frameId: string): Waiting | undefined {
    const one = waiting.get(frameId);
    if (!one) return undefined;
    const { frame, retry } = one;
    const failures = failuresOf(retry, wentWellMs);
    if (failures <= one.failures) return one;
    const { code, message } = retry.failure;
    tell(frame, { state: 'failed', attempts: failures, error: `${code}: ${message}` });
    onRetry(frame, retry.failure, failures);
    const reviewed = { ...one, failures };
    waiting.set(frameId, reviewed);
    return reviewed;
  }

  function tellRunning(frame: TurnFrame): void {
    const one = waiting.get(frame.frame_id);
    const attempts = (one?.failures ?? 0) + 1;
    const name = `${frame.frame_id} ${attempts}`;
    if (running.get(frame.device_id) === name) return;
    running.set(frame.device_id, name);
    const failure = one && one.failures > 0 ? one.retry.failure : null;
    tell(frame, { state: 'running', attempts, error: failure && `${failure.code}: ${failure.message}` });
  }

  return {
    review() {
      for (const { frameId } of holds.values()) reviewOne(frameId);
    },

    waitMsOf({ key, offset }) {
      const hold = holds.get(key);
      if (!hold || offset < hold.from) return 0;
      const one = waiting.get(hold.frameId);
      const told = one && verdict(one);
      return told?.kind === 'wait' ? told.ms : 0;
    },

    givenUp(frame) {
      // What has gone well since the batch began counts against it, and is in what its letter says.
      const one = reviewOne(frame.frame_id);
      if (!one || verdict(one).kind !== 'give-up') return null;
      const { code, message } = one.retry.failure;
      return { code, message };
    },

    async make(stage, frame, work) {
      // Before it begins: what goes well beside it says nothing of the attempt before.
      const before = reviewOne(frame.frame_id);
      const beganMs = monotonicMs();
      if (before && before.failures > 0) tellRunning(frame);
      const long = setTimeout(() => tellRunning(frame), LONG_MS).unref();
      try {
        const result = await work();
        // To be told why there is nothing is not to have had it.
        if ('code' in result) return result;
        wentWellMs[stage] = monotonicMs();
        if (before?.retry.failure.stage === stage) {
          waiting.set(frame.frame_id, { ...before, retry: overcome(before.retry, before.failures) });
        }
        return result;
      } catch (error) {
        const failure = {
          stage,
          code: error instanceof Doubted ? error.code : CODES[stage],
          message: error instanceof Error ? error.message : String(error),
          mayBeGivenUp: !(error instanceof Doubted),
          beganMs,
          failedMs: monotonicMs(),
        };
        throw new Failed(frame, failure, error);
      } finally {
        clearTimeout(long);
      }
    },

    wait({ frame, failure }, from) {
      const { frame_id: frameId, device_id } = frame;
      const failuresBefore = waiting.get(frameId)?.failures ?? 0;
      const retry = retryAfter(failure, { failuresBefore, backoff, chance: random() });
      waiting.set(frameId, { frame, retry, failures: failuresBefore });
      holds.set(device_id, { frameId, from });
      reviewOne(frameId);
    },

    isOutage: ({ failure }) => isOutage(failure, wentWellMs),

    failuresOf: ({ frame_id }) => waiting.get(frame_id)?.failures ?? 0,

    settle(frames) {
      for (const { frame_id, device_id } of frames) {
        waiting.delete(frame_id);
        // Should it come once more, as when it is redriven, its attempts begin from the first.
        running.delete(device_id);
        if (holds.get(device_id)?.frameId === frame_id) holds.delete(device_id);
      }
    },

    reconsider() {
      for (const [frameId, one] of waiting) {
        if (verdict(one).kind !== 'give-up') continue;
        waiting.set(frameId, { ...one, retry: oneMore(one.retry, attemptsMax) });
      }
    },
  };
}
