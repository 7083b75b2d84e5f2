import { headersOf } from '../ports/tracing/trace.ts';
import { type Span, type Tracing, within } from '../ports/tracing/tracing.ts';
import type { Turn, TurnFrame } from './line-up.ts';
import type { Stage } from './metrics.ts';

/**
 * The spans of one batch of a partition: of each frame one, from its turn to the batch's commit, and of each stage of it
 * one below, called as in the metrics. Where there is no tracing, all of it does nothing.
 */
export interface FrameSpans {
  /** It is the frame's turn. */
  begin(turn: Turn): void;
  within<Result>(frame: TurnFrame, stage: Stage, work: () => Promise<Result>): Promise<Result>;
  /** A stage that did not wait for anything, once it is over. */
  took(turn: Turn, stage: Stage, beganMs: number): void;
  /** The turn with what its records are to carry on, in place of what its own record has. */
  carrying(turn: Turn): Turn;
  /** What became of it, as it is counted. */
  note(frame: TurnFrame, outcome: string): void;
  /** Its turn comes again: it has failed, or waits for one of its device that has. */
  putOff(frame: TurnFrame): void;
  /** All that are left. */
  committed(commitMs: number): void;
  /** All that are left come again. */
  broken(error: unknown): void;
}

export const noSpans: FrameSpans = {
  begin: () => undefined,
  within: (_frame, _stage, work) => work(),
  took: () => undefined,
  carrying: (turn) => turn,
  note: () => undefined,
  putOff: () => undefined,
  committed: () => undefined,
  broken: () => undefined,
};

export function createFrameSpans(
  tracing: Tracing | null,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): FrameSpans {
  if (tracing === null) return noSpans;
  const spans = new Map<TurnFrame, Span>();
  const frameOf = (turn: Turn) => (turn.kind === 'frame' ? turn.frame : null);
  const spanOf = (turn: Turn) => {
    const frame = frameOf(turn);
    return frame && spans.get(frame);
  };

  return {
    begin(turn) {
      const frame = frameOf(turn);
      if (!frame) return;
      const span = tracing.begin(`process ${topic}`, {
        kind: 'consumer',
        parent: turn.record.headers,
        attributes: {
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': topic,
          'messaging.destination.partition.id': String(partition),
          'passerby.device_id': frame.device_id,
          'passerby.frame_id': frame.frame_id,
          'passerby.offset': String(turn.record.offset),
        },
      });
      spans.set(frame, span);
    },

    within: (frame, stage, work) => within(tracing, stage, spans.get(frame)?.trace, work),

    took(turn, stage, beganMs) {
      const span = spanOf(turn);
      if (span) tracing.begin(stage, { parent: span.trace, beganMs }).end();
    },

    carrying(turn) {
      const span = spanOf(turn);
      if (!span) return turn;
      return { ...turn, record: { ...turn.record, headers: { ...turn.record.headers, ...headersOf(span.trace) } } };
    },

    note: (frame, outcome) => spans.get(frame)?.note({ 'passerby.outcome': outcome }),

    putOff(frame) {
      spans.get(frame)?.note({ 'passerby.outcome': 'put-off' });
      spans.get(frame)?.end();
      spans.delete(frame);
    },

    committed(commitMs) {
      const beganMs = performance.now() - commitMs;
      for (const span of spans.values()) {
        tracing.begin('commit', { parent: span.trace, beganMs }).end();
        span.end();
      }
      spans.clear();
    },

    broken(error) {
      for (const span of spans.values()) span.end(error);
      spans.clear();
    },
  };
}
