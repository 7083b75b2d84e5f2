/**
 * One camera in the field. It takes pictures at their times, and sends the oldest unsent one again and again until
 * the service has acknowledged it; only then comes the next. Some acknowledgements are 'lost' on purpose: the same frame
 * goes out once more, and must come back as the same item.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../ports/clock/clock.ts';
import { createRandom } from './random.ts';
import type { Upload, UploadAnswer } from './upload.ts';

export interface AcknowledgedFrame {
  readonly frameIndex: number;
  readonly capturedAtMs: number;
  readonly itemId: string;
}

export interface CameraReport {
  readonly deviceId: string;
  /** Captured: with an early stop fewer than were asked for. */
  readonly frames: number;
  /** Each frame once, however often it was sent. */
  readonly acknowledged: readonly AcknowledgedFrame[];
  /** Answers that said 'duplicate'. */
  readonly duplicates: number;
  /** Of each successful try, in the order of sending. */
  readonly latenciesMs: readonly number[];
  readonly retries: number;
}

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface CameraOptions {
  readonly deviceId: string;
  /** When each picture is taken, in ms from `startMs`, in their order. */
  readonly timesMs: readonly number[];
  /** Of frame 0; each one's is one more. */
  readonly firstSeq?: number;
  readonly startMs: number;
  /** Asked for one frame after another, each once. */
  readonly render: (frameIndex: number) => Promise<Buffer>;
  readonly upload: Upload;
  /** `real-time`: a frame is sent no sooner than the clock has reached it. `at-once`: as fast as the service answers. */
  readonly pace: 'real-time' | 'at-once';
  readonly signal: AbortSignal;
  /** Share of the frames that are sent a second time after their acknowledgement, in 0..1. */
  readonly duplicateShare: number;
  readonly seed?: number;
  /** Once per frame. */
  readonly onAcknowledged?: (frame: AcknowledgedFrame) => void;
  /** Once per successful try. */
  readonly onAccepted?: (answer: Accepted) => void;
  readonly onRetry?: (reason: string) => void;
  /** Monotonic; only differences count. */
  readonly clock?: Clock;
  readonly sleep?: Sleep;
}

interface Accepted {
  readonly itemId: string;
  readonly duplicate: boolean;
  readonly latencyMs: number;
}

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2000;
const TRY_AGAIN = new Set([408, 425, 429]);

const monotonicClock: Clock = { nowMs: () => performance.now() };

/** Runs until every frame is acknowledged or `signal` aborts; rejects when the service will not have a frame. */
export async function runCamera(options: CameraOptions): Promise<CameraReport> {
  const { deviceId, timesMs, startMs, pace, signal, duplicateShare } = options;
  const { firstSeq = 1, seed = 1, clock = monotonicClock, sleep = sleepUntilAborted } = options;
  const beganMs = clock.nowMs();
  const report = { acknowledged: [] as AcknowledgedFrame[], duplicates: 0, latenciesMs: [] as number[], retries: 0 };
  const backoff = createRandom(seed, deviceId, 'backoff');

  const elapsedMs = (): number => clock.nowMs() - beganMs;

  // What waits is captured and not yet acknowledged. That is a range of indexes: pictures are made when their turn
  // comes, so a service that is down for hours costs no memory.
  let frameIndex = 0;
  for (; frameIndex < timesMs.length && !signal.aborted; frameIndex++) {
    const timeMs = timesMs[frameIndex] ?? 0;
    while (pace === 'real-time' && elapsedMs() < timeMs && !signal.aborted) {
      await sleep(Math.max(1, timeMs - elapsedMs()), signal);
    }
    if (signal.aborted) break;
    const capturedAtMs = startMs + timeMs;
    const jpeg = await render(frameIndex);
    if (!jpeg) break;

    const seq = firstSeq + frameIndex;
    const first = await deliver(seq, capturedAtMs, jpeg);
    if (!first) break;
    count(first);
    const frame = { frameIndex, capturedAtMs, itemId: first.itemId };
    report.acknowledged.push(frame);
    options.onAcknowledged?.(frame);

    if (!createRandom(seed, deviceId, 'lost acknowledgement', frameIndex).chance(duplicateShare)) continue;
    const second = await deliver(seq, capturedAtMs, jpeg);
    if (!second) break;
    count(second);
    if (second.itemId !== first.itemId) {
      throw new Error(
        `${deviceId}: ${capturedAtMs}.jpg sent twice became two items, ${first.itemId} and ${second.itemId}`,
      );
    }
  }
  const frames = pace === 'at-once' ? frameIndex : Math.max(frameIndex, capturedCount(timesMs, elapsedMs()));
  return { deviceId, frames, ...report };

  /** Null when stopped: a Ctrl-C may have ended what makes the pictures, too. */
  async function render(index: number): Promise<Buffer | null> {
    return await options.render(index).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
  }

  function count(accepted: Accepted): void {
    report.latenciesMs.push(accepted.latencyMs);
    if (accepted.duplicate) report.duplicates++;
    options.onAccepted?.(accepted);
  }

  /** Null when stopped before an acknowledgement came. */
  async function deliver(seq: number, capturedAtMs: number, jpeg: Buffer): Promise<Accepted | null> {
    for (let failures = 0; !signal.aborted; failures++) {
      const sentMs = clock.nowMs();
      const answer = await options
        .upload({ deviceId, seq, capturedAtMs, jpeg, signal })
        .catch((error: unknown) => reasonOf(error));
      if (typeof answer === 'object' && answer.status >= 200 && answer.status <= 299) {
        if (answer.itemId === null)
          throw new Error(`${deviceId}: ${answer.status} for ${capturedAtMs}.jpg names no item_id`);
        return { itemId: answer.itemId, duplicate: answer.duplicate, latencyMs: clock.nowMs() - sentMs };
      }
      if (signal.aborted) break;
      if (typeof answer === 'object' && !worthRetrying(answer)) {
        throw new Error(
          `${deviceId}: the service refuses ${capturedAtMs}.jpg with ${answer.status}: ${answer.problem ?? ''}`,
        );
      }
      report.retries++;
      options.onRetry?.(typeof answer === 'object' ? `HTTP ${answer.status}` : answer);
      const step = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10));
      const asked = typeof answer === 'object' ? (answer.retryAfterMs ?? 0) : 0;
      // The jitter keeps cameras that failed together from coming back together.
      await sleep(Math.max(asked, BACKOFF_FIRST_MS, step * backoff.between(0.5, 1)), signal);
    }
    return null;
  }
}

/** The times of a camera that takes so many pictures a second; the first at once. */
export function evenTimes({
  frameCount,
  fps,
}: {
  readonly frameCount: number;
  readonly fps: number;
}): readonly number[] {
  return Array.from({ length: frameCount }, (_, frameIndex) => Math.round((frameIndex * 1000) / fps));
}

/** How many pictures a camera has taken so long after its start. */
export function capturedCount(timesMs: readonly number[], elapsedMs: number): number {
  const next = timesMs.findIndex((timeMs) => timeMs > elapsedMs);
  return next === -1 ? timesMs.length : next;
}

function worthRetrying({ status }: UploadAnswer): boolean {
  return TRY_AGAIN.has(status) || status >= 500;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  // Its only rejection is the abort, which the caller looks at itself.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
