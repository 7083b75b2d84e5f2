import type { KafkaMessage, RecordMetadata } from 'kafkajs';
import { expect, test } from 'vitest';
import { Outage } from '../../errors.ts';
import { asStored, sendAll } from './messages.ts';

const output = (partition: number) => ({
  topic: 'frames',
  partition,
  record: { key: `device-${partition}`, value: Buffer.from('x') },
});
const answer = (partition: number): RecordMetadata => ({ topicName: 'frames', partition, errorCode: 0 });

test('what each partition has answered for is sent', async () => {
  await expect(sendAll(async () => [answer(0), answer(1)], [output(0), output(1), output(1)])).resolves.toBeUndefined();
});

test('a partition that no broker has answered for is an outage, whatever the others said', async () => {
  await expect(sendAll(async () => [answer(0)], [output(0), output(1)])).rejects.toThrow(Outage);
});

test('what would be more than a broker takes at once goes in several batches, in order', async () => {
  const large = (partition: number, name: string) => ({
    ...output(partition),
    record: { key: 'device', value: Buffer.from(name.padEnd(300_000)) },
  });
  const sent: string[][] = [];
  await sendAll(
    async ({ topicMessages }) => {
      const messages = topicMessages.flatMap((topic) => topic.messages);
      sent.push(messages.map(({ value }) => String(value).trim()));
      return messages.map(({ partition = -1 }) => answer(partition));
    },
    [large(0, 'a'), large(1, 'b'), large(0, 'c'), large(0, 'd'), large(1, 'e')],
  );
  expect(sent).toEqual([['a', 'b'], ['c'], ['d', 'e']]);
});

test.each([
  ['none', undefined, undefined],
  ['no header in them', {}, undefined],
  ['bytes', { traceparent: Buffer.from('00-ab') }, { traceparent: '00-ab' }],
  ['bytes that are no text', { b3: Buffer.from([0xff, 0xfe]) }, { b3: '\ufffd\ufffd' }],
  ['one header twice', { traceparent: [Buffer.from('one'), Buffer.from('two')] }, { traceparent: 'one,two' }],
  ['a header without a value', { traceparent: undefined }, { traceparent: 'undefined' }],
])('headers that somebody else has written are read, whatever they are: %s', (_, headers, expected) => {
  const message = { key: null, value: null, timestamp: '5', attributes: 0, offset: '7', size: 0 };
  expect(asStored({ ...message, ...(headers && { headers }) } as KafkaMessage).headers).toEqual(expected);
});
