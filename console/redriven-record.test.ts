import { describe, expect, test } from 'vitest';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { derivedId } from '../schemas/identity.ts';
import { event, frame, letter, NOW_MS } from '../schemas/records-under-test.ts';
import type { Control } from '../schemas/types.ts';
import { type FailedRecord, type RedrivenRecord, type RedriveOptions, redrivenRecord } from './redriven-record.ts';

const asItWas: RedriveOptions = { acceptChanged: false, mended: null };

function ofFrame(change: Partial<FailedRecord> = {}): FailedRecord {
  const { original_key, original_value, frame_id, attempts } = letter(1);
  const id = derivedId('test-letter', 1);
  return { id, topic: 'frames', original_key, original_value, frame_id, attempts, ...change };
}

const ofRecord = (change: Partial<FailedRecord> = {}) =>
  ofFrame({ original_value: Buffer.from('x'), frame_id: null, attempts: 1, ...change });

function redriven(failed: FailedRecord, options = asItWas): RedrivenRecord {
  const record = redrivenRecord(failed, options, { codec, nowMs: NOW_MS });
  if ('status' in record) throw new Error(record.detail);
  return record;
}

function controlIn({ record }: RedrivenRecord): Control {
  const decoded = codec.decode(record.value ?? Buffer.alloc(0));
  if (decoded.name !== 'control') throw new Error('no control');
  return decoded.value;
}

describe('a frame that could be read', () => {
  test.each(['frames', 'backlog'])('gets its turn again by a control in %s, which says what was stored', (topic) => {
    const sent = redriven(ofFrame({ topic }));
    expect(sent).toMatchObject({ topic, record: { key: 'camera' } });
    const { frame_id, epoch, seq, captured_at, time_quality, blob_key, size_bytes, sha256, lane } = frame(1);
    expect(controlIn(sent)).toEqual({
      control_id: derivedId('redrive', ofFrame().id, 3),
      device_id: 'camera',
      issued_at: NOW_MS,
      body: {
        kind: 'RedriveControl',
        ...{ frame_id, epoch, seq, captured_at, time_quality, blob_key, size_bytes, sha256, lane },
      },
    });
  });

  test('with another picture: nothing is said of what was stored', () => {
    const { body } = controlIn(redriven(ofFrame(), { ...asItWas, acceptChanged: true }));
    expect(body).toMatchObject({ seq: 1, size_bytes: null, sha256: null });
  });

  test('and was redriven before: by what that control said', () => {
    const first = redriven(ofFrame());
    const second = redriven(ofFrame({ original_value: first.record.value, attempts: 4 }));
    expect(controlIn(second).body).toEqual(controlIn(first).body);
    expect(controlIn(second).control_id).not.toBe(controlIn(first).control_id);
  });
});

describe('a record that could not be read', () => {
  test('comes again as it was, in the name of its letter', () => {
    expect(redriven(ofRecord({ topic: 'events', original_key: 'k' }))).toEqual({
      topic: 'events',
      record: { key: 'k', value: Buffer.from('x'), headers: { 'dead-letter': ofFrame().id } },
    });
  });

  test('or mended, under its key', () => {
    const mended = codec.encode('frame', frame(2));
    const { topic, record } = redriven(ofRecord(), { ...asItWas, mended });
    expect([topic, record.key, record.value]).toEqual(['frames', 'camera', mended]);
    const unkeyed = redriven(ofRecord({ original_value: null }), { ...asItWas, mended });
    expect(unkeyed.record.value).toEqual(mended);
  });

  test('though it says which frame it is of, as one that no column takes', () => {
    const value = codec.encode('frame', frame(3));
    expect(redriven(ofRecord({ original_value: value })).record.value).toEqual(value);
  });
});

test.each<[string, FailedRecord, Partial<RedriveOptions>, object]>([
  ['without a value', ofRecord({ original_value: null }), {}, { status: 409, code: 'nothing-to-redrive' }],
  ['of a topic that is no more', ofRecord({ topic: 'gone' }), {}, { status: 409, code: 'unknown-topic' }],
  ['of a topic called as a member of each object', ofRecord({ topic: 'toString' }), {}, { code: 'unknown-topic' }],
  [
    'mended to nothing readable',
    ofRecord(),
    { mended: Buffer.from('y') },
    { status: 422, code: 'unusable-value', detail: expect.stringContaining('cannot be read either') },
  ],
  [
    'mended to what its topic has not',
    ofRecord(),
    { mended: codec.encode('event', event('one')) },
    { detail: expect.stringContaining('frame and control') },
  ],
  [
    'mended to what is of another device',
    ofRecord({ original_key: 'another' }),
    { mended: codec.encode('frame', frame(2)) },
    { detail: expect.stringContaining('not of the device another') },
  ],
  [
    'of a frame, with bytes in its place',
    ofFrame(),
    { mended: codec.encode('frame', frame(1)) },
    { status: 422, code: 'value-not-wanted' },
  ],
])('%s it is not sent again', (_, failed, options, refusal) => {
  expect(redrivenRecord(failed, { ...asItWas, ...options }, { codec, nowMs: NOW_MS })).toMatchObject(refusal);
});
