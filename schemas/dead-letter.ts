import type { Decoded } from './codec.ts';
import { derivedId } from './identity.ts';
import type { DeadLetter, Frame, RedriveControl } from './types.ts';

/** A record as the log gave it. */
interface Unusable {
  readonly offset: bigint;
  readonly key: string;
  readonly value: Buffer | null;
  readonly appendedAtMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of a record that a dead letter was sent again as: the letter, which opens again should the record fail again. */
export const LETTER_HEADER = 'dead-letter';

const LETTER_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

interface Reason {
  readonly topic: string;
  readonly partition: number;
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
  /** The frame that the record is of, where its bytes say so. */
  readonly frame?: Pick<Frame, 'frame_id' | 'device_id' | 'captured_at'>;
  /** How often it was tried. */
  readonly attempts?: number;
}

/**
 * A record that nothing could be made of, kept whole with the reason. A letter is named for its frame, so that a
 * record of it that is appended twice gives one letter; and without a frame for the record's place, so that two
 * readers of one topic who both stumble over it write one: whichever comes first stays. A record that is a letter sent
 * again names it.
 */
export function deadLetterOf(
  record: Unusable,
  { topic, partition, code, message, frame, attempts = 1 }: Reason,
): DeadLetter {
  return {
    dead_letter_id: frame
      ? derivedId('dead-letter', frame.frame_id)
      : (letterSentAgain(record) ?? derivedId('dead-letter', topic, partition, Number(record.offset))),
    device_id: frame?.device_id ?? null,
    topic,
    partition,
    offset: Number(record.offset),
    original_key: record.key,
    original_value: record.value,
    code,
    message,
    attempts,
    recorded_at: record.appendedAtMs,
    frame_id: frame?.frame_id ?? null,
    captured_at: frame?.captured_at ?? null,
  };
}

/** The letter that this record was before; null for any other. */
export function letterSentAgain({ headers }: Pick<Unusable, 'headers'>): string | null {
  const id = headers?.[LETTER_HEADER];
  return id !== undefined && LETTER_ID.test(id) ? id : null;
}

/** A frame that is dead, as far as it takes to look at it again. */
export type DeadFrame = Pick<Frame, 'device_id'> & Omit<RedriveControl, 'kind'>;

/** In the record that failed: the frame's own, or the control by which it was redriven. Null in any other. */
export function deadFrameIn({ name, value }: Decoded): DeadFrame | null {
  if (name === 'frame') return deadFrameOf(value);
  if (name !== 'control' || value.body.kind !== 'RedriveControl') return null;
  return deadFrameOf({ ...value.body, device_id: value.device_id });
}

function deadFrameOf(frame: DeadFrame): DeadFrame {
  const { device_id, frame_id, epoch, seq, captured_at, time_quality, blob_key, size_bytes, sha256, lane } = frame;
  return { device_id, frame_id, epoch, seq, captured_at, time_quality, blob_key, size_bytes, sha256, lane };
}
