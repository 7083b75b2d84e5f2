import { derivedId } from './identity.ts';
import type { DeadLetter, Frame } from './types.ts';

/** A record as the log gave it. */
interface Unusable {
  readonly offset: bigint;
  readonly key: string;
  readonly value: Buffer | null;
  readonly appendedAtMs: number;
}

interface Reason {
  readonly topic: string;
  readonly partition: number;
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
  /** The frame that the record is of, where its bytes say so. */
  readonly frame?: Frame;
  /** How often it was tried. */
  readonly attempts?: number;
}

/**
 * A record that nothing could be made of, kept whole with the reason. A letter is named for its frame, so that a
 * record of it that is appended twice gives one letter; and without a frame for the record's place, so that two
 * readers of one topic who both stumble over it write one: whichever comes first stays.
 */
export function deadLetterOf(
  record: Unusable,
  { topic, partition, code, message, frame, attempts = 1 }: Reason,
): DeadLetter {
  return {
    dead_letter_id: frame
      ? derivedId('dead-letter', frame.frame_id)
      : derivedId('dead-letter', topic, partition, Number(record.offset)),
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
