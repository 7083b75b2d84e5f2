import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.ts';
import type { AcceptedFrame, AcceptFrame, SentFrame } from './accept-frame.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { FrameAnswer } from './frame-answers.ts';
import type { IngestMetrics } from './metrics.ts';
import type { Outcomes } from './outcomes.ts';

/** An upload takes more memory than its picture: however small, it counts as this much. */
export const REQUEST_BYTES = 65_536;

/** What all dialects have in common: room for what comes in, the write path, and the answer. */
export interface FrameIntake {
  /**
   * Sets bytes aside while `work` reads and stores what is sent; without room for them, or on the disk, the request is turned
   * away at once. What is left of a body that was refused half-way is thrown away as it comes: the answer goes out at once, and
   * a caller who is still sending can read it, which one whose connection was cut might not.
   */
  within<Result>(request: FastifyRequest, sizeBytes: number, work: () => Promise<Result>): Promise<Result>;
  /** Throws the problem of a frame that is not taken. */
  take(request: FastifyRequest, frame: Omit<SentFrame, 'trace'>): Promise<AcceptedFrame>;
  /** Counts a problem that is told within an answer, and not as one. */
  refused(request: FastifyRequest, problem: Problem): void;
}

const STATUSES = { queued: 202, duplicate: 200, erased: 200 } as const satisfies Readonly<
  Record<AcceptedFrame['status'], number>
>;

interface Dependencies {
  readonly acceptFrame: AcceptFrame;
  readonly budget: ByteBudget;
  readonly diskGuard: Pick<DiskGuard, 'requireRoom'>;
  readonly metrics: IngestMetrics;
  readonly outcomes: Pick<Outcomes, 'add'>;
}

export function createFrameIntake({ acceptFrame, budget, diskGuard, metrics, outcomes }: Dependencies): FrameIntake {
  return {
    async within(request, sizeBytes, work) {
      diskGuard.requireRoom();
      const release = budget.reserve(Math.max(REQUEST_BYTES, sizeBytes), request.deviceId);
      if (!release) throw tooBusy;
      try {
        return await work();
      } finally {
        release();
        request.raw.unpipe();
        request.raw.resume();
      }
    },

    async take(request, frame) {
      const { deviceId, jpeg } = frame;
      await request.signedBody?.requireBody();
      // Of many in one request, some may have had room.
      diskGuard.requireRoom();
      const accepted = await acceptFrame({ ...frame, trace: request.trace });
      if (accepted === 'refused') throw deviceGone(deviceId);
      if (accepted === 'conflict') throw seqTaken(frame.identity?.seq);
      const { status } = accepted;
      metrics.accepted({ deviceId, status, sizeBytes: jpeg.length });
      outcomes.add({ deviceId, code: status, status: STATUSES[status] });
      request.frameId = accepted.frameId;
      return accepted;
    },

    refused({ deviceId }, { code, status }) {
      metrics.refused(code);
      outcomes.add({ deviceId, code, status });
    },
  };
}

/** What a device is told of a frame that is taken. A frame's analysis is known by the frame's own id. */
export function asAnswer({ status, frameId }: AcceptedFrame): FrameAnswer {
  return status === 'queued' ? { status, item_id: frameId, task_id: frameId } : { status, item_id: frameId };
}

export function answerFrame(reply: FastifyReply, accepted: AcceptedFrame): FastifyReply {
  return reply.code(STATUSES[accepted.status]).send(asAnswer(accepted));
}

const tooBusy = new Problem({
  status: 503,
  code: 'busy',
  detail: 'Too many uploads are under way; send this one again.',
  headers: { 'retry-after': '1' },
});

export function deviceGone(deviceId: string): Problem {
  const detail = `${deviceId} has been deleted.`;
  return new Problem({ status: 403, code: 'device-gone', title: 'Device deleted', detail });
}

/** To say 'duplicate' would have the device delete a picture that nobody has. */
function seqTaken(seq: number | undefined): Problem {
  const detail = `Another picture was sent as seq ${seq}. Send this one under a seq that was never used.`;
  return new Problem({ status: 409, code: 'seq-taken', title: 'The seq is taken', detail });
}
