import { expect, test } from 'vitest';
import { fixedCodec as codec } from '../schemas/codec.ts';
import { frame } from '../schemas/records-under-test.ts';
import { readBatch } from './read-record.ts';

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
