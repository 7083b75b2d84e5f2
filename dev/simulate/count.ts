/** Asks the service how many frames it has of a camera, the way any of its users would. */

import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Clock } from '../../ports/clock/clock.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { below } from './below.ts';

export interface CaptureRange {
  readonly cameraId: string;
  /** Both ends are included. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface CountOptions {
  readonly url: string;
  /** Without one no credentials are sent. */
  readonly password?: string | undefined;
  readonly clock?: Clock;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** The service answers, and says no: waiting does not help. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, body: string) {
    super(`HTTP ${status}: ${body}`);
    this.name = 'Refused';
    this.status = status;
  }
}

const POLL_MS = 500;
const NO_PROGRESS_MS = 30_000;
const TIMEOUT_MS = 10_000;

const monotonicClock: Clock = { nowMs: () => performance.now() };

export function createCounter({ url, password, clock = monotonicClock, sleep = delay }: CountOptions) {
  // Many cameras are counted at once; the service has better things to do meanwhile.
  const gate = pLimit(4);

  /** Rejects with `Refused`, or with whatever kept an answer from coming. */
  const count = ({ cameraId, startMs, endMs }: CaptureRange): Promise<number> =>
    gate(async () => {
      const target = below(url, 'api/captures');
      target.searchParams.set('camera_id', cameraId);
      target.searchParams.set('start_time', new Date(startMs).toISOString());
      target.searchParams.set('end_time', new Date(endMs).toISOString());
      target.searchParams.set('page_size', '1');
      const headers = password === undefined ? {} : { authorization: basicAuthorization({ password }) };
      const response = await fetch(target, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const text = await response.text();
      if (response.status >= 400 && response.status < 500 && response.status !== 429)
        throw new Refused(response.status, text);
      if (!response.ok) throw new Error(`it answers HTTP ${response.status}: ${text}`);
      return readTotal(text);
    });

  return {
    count,

    /** The count as soon as it reaches `expected`, or the last one seen when it has not moved for 30 s. */
    async waitFor(range: CaptureRange, expected: number): Promise<number> {
      let best = -1;
      let progressMs = clock.nowMs();
      while (true) {
        const total = await count(range).catch((error: unknown) => {
          if (error instanceof Refused) throw error;
          return null;
        });
        if (total !== null && total > best) {
          best = total;
          progressMs = clock.nowMs();
        }
        if (best >= expected || clock.nowMs() - progressMs >= NO_PROGRESS_MS) return Math.max(0, best);
        await sleep(POLL_MS);
      }
    },
  };
}

function readTotal(text: string): number {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'total' in parsed && typeof parsed.total === 'number')
    return parsed.total;
  throw new Refused(200, `an answer without a total: ${text.slice(0, 200)}`);
}
