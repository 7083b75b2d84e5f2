import { expect, test } from 'vitest';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { attempt, event, frame, observation } from '../schemas/records-under-test.ts';
import { readBatch } from './read-record.ts';
import { told } from './visit-under-test.ts';

/** The processor reads them too (processor/read-input.ts): the letter that both write of one record must not depend on who is quicker. */
test.each<[string, Buffer | null, string]>([
  ['no value', null, 'no-value'],
  ['an empty value', Buffer.alloc(0), 'not-confluent'],
  ['bytes of something else', Buffer.from('no record'), 'not-confluent'],
  ['half a record', codec.encode('frame', frame(1)).subarray(0, 40), 'corrupt-body'],
])('a record of %s is a letter', (_, value, code) => {
  const record = { offset: 7n, key: 'camera', value, appendedAtMs: 0 };
  const { of, poison } = readBatch(codec, { topic: 'frames', partition: 0, records: [record] });
  expect(of('frame')).toEqual([]);
  expect(poison).toMatchObject([{ code, offset: 7, original_value: value }]);
});

const [YEAR_144683, YEAR_10000, YEAR_9999] = [4_503_599_627_370_495, Date.UTC(10_000, 0), Date.UTC(9_999, 11)];

test.each<[string, Buffer, string | null]>([
  ['an event', codec.encode('event', event('far', { occurred_at: YEAR_144683 })), 'occurred_at'],
  ['an event', codec.encode('event', event('ends', { ended_at: YEAR_10000 })), 'ended_at'],
  ['an event', codec.encode('event', event('last', { occurred_at: YEAR_9999, ended_at: YEAR_10000 - 1 })), null],
  ['an event', codec.encode('event', event('old', { occurred_at: -62_135_596_800_001 })), 'occurred_at'],
  ['a visit', codec.encode('event', told('seen', 1, null, { occurred_at: YEAR_10000 - 1 })), 'last_seen_at'],
  ['a frame', codec.encode('frame', frame(1, { captured_at: YEAR_10000 })), 'captured_at'],
  ['an observation', codec.encode('observation', observation(1, { captured_at: YEAR_10000 })), 'captured_at'],
  ['an attempt', codec.encode('attempt', attempt(1, { captured_at: YEAR_10000 })), 'captured_at'],
])('%s at a time that no year of four digits has is a letter', (_, value, field) => {
  const record = { offset: 7n, key: 'camera', value, appendedAtMs: 0 };
  const { poison } = readBatch(codec, { topic: 'events', partition: 0, records: [record] });
  const letters = [{ code: 'unstorable', message: expect.stringContaining(`${field} is `), original_value: value }];
  expect(poison).toMatchObject(field === null ? [] : letters);
});
