import type { LogRecord } from '../ports/log/log.ts';
import { type Codec, UndecodableRecord } from '../schemas/codec.ts';
import { deadFrameIn, LETTER_HEADER } from '../schemas/dead-letter.ts';
import { derivedId } from '../schemas/identity.ts';
import { type TopicName, topics } from '../schemas/topics.ts';

/**
 * The record by which a dead letter is sent again. A frame that could be read gets its turn again by a control among the
 * device's frames, since a second copy of it would be taken for a duplicate; a record that could not be read comes again
 * as it was, or mended, to where it came from and under its key.
 */
export interface FailedRecord {
  readonly id: string;
  readonly topic: string;
  readonly original_key: string;
  readonly original_value: Buffer | null;
  readonly attempts: number;
  /** Null where the record could not be read so far. */
  readonly frame_id: string | null;
}

export interface RedriveOptions {
  /** Another picture was put where the frame's lay, and is to be taken for it. */
  readonly acceptChanged: boolean;
  /** In place of the bytes that could not be read. */
  readonly mended: Buffer | null;
}

export interface RedrivenRecord {
  readonly topic: TopicName;
  readonly record: LogRecord;
}

/** Why it cannot be sent again: `status` as HTTP has it. */
export interface NotRedrivable {
  readonly status: 409 | 422;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

export function redrivenRecord(
  letter: FailedRecord,
  options: RedriveOptions,
  { codec, nowMs }: { readonly codec: Pick<Codec, 'decode' | 'encode'>; readonly nowMs: number },
): RedrivenRecord | NotRedrivable {
  const { topic, original_key: key, original_value: value } = letter;
  if (!isTopic(topic)) return notRedrivable(409, 'unknown-topic', `Nobody reads ${topic} any more.`);
  const frame = letter.frame_id !== null && value ? deadFrameIn(codec.decode(value)) : null;
  if (!frame) return recordAgain(letter, { topic, key, mended: options.mended }, codec);
  if (options.mended) {
    const detail = 'The record could be read. Put right what its message says, and send it again as it is.';
    return notRedrivable(422, 'value-not-wanted', detail);
  }
  const { device_id, ...told } = frame;
  const stored = options.acceptChanged ? { size_bytes: null, sha256: null } : {};
  const control = codec.encode('control', {
    // Another one each time it has failed.
    control_id: derivedId('redrive', letter.id, letter.attempts),
    device_id,
    issued_at: nowMs,
    body: { kind: 'RedriveControl', ...told, ...stored },
  });
  return { topic, record: { key: device_id, value: control } };
}

function recordAgain(
  letter: FailedRecord,
  { topic, key, mended }: { readonly topic: TopicName; readonly key: string; readonly mended: Buffer | null },
  codec: Pick<Codec, 'decode'>,
): RedrivenRecord | NotRedrivable {
  const value = mended ?? letter.original_value;
  if (!value) return notRedrivable(409, 'nothing-to-redrive', 'The record had no value. Give it one.');
  const wrong = mended && faultOf(mended, { topic, key }, codec);
  if (wrong) return notRedrivable(422, 'unusable-value', wrong);
  return { topic, record: { key, value, headers: { [LETTER_HEADER]: letter.id } } };
}

/** What is wrong with bytes that somebody has mended, in words. */
function faultOf(
  mended: Buffer,
  { topic, key }: { readonly topic: TopicName; readonly key: string },
  codec: Pick<Codec, 'decode'>,
): string | null {
  try {
    const { name, value } = codec.decode(mended);
    const wanted: readonly string[] = topics[topic].records;
    if (!wanted.includes(name)) return `It is a record of ${name}, and ${topic} has only ${wanted.join(' and ')}.`;
    const isOfKey = topics[topic].key !== 'device_id' || ('device_id' in value && value.device_id === key);
    return isOfKey ? null : `It is not of the device ${key}, under whose key the record lay.`;
  } catch (error) {
    if (error instanceof UndecodableRecord) return `It cannot be read either: ${error.message}.`;
    throw error;
  }
}

function isTopic(topic: string): topic is TopicName {
  return Object.hasOwn(topics, topic);
}

function notRedrivable(status: 409 | 422, code: string, detail: string): NotRedrivable {
  return { status, code, title: 'It cannot be sent again', detail };
}
