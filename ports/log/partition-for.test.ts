import { expect, test } from 'vitest';
import { partitionFor } from './partition-for.ts';

/** From Kafka's own test of its `Utils.murmur2`: with them a key lies where every Kafka client would put it. */
const vectors = [
  { key: '21', hash: -973_932_308 },
  { key: 'foobar', hash: -790_332_482 },
  { key: 'a-little-bit-long-string', hash: -985_981_536 },
  { key: 'a-little-bit-longer-string', hash: -1_486_304_829 },
  { key: 'lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', hash: -58_897_971 },
  { key: 'abc', hash: 479_470_107 },
];

test.each(vectors)('$key lies where Kafka says, of however many partitions', ({ key, hash }) => {
  const counts = [0x7fff_ffff, 12, 4, 3, 1];
  expect(counts.map((count) => partitionFor(key, count))).toEqual(counts.map((count) => (hash & 0x7fff_ffff) % count));
});

test('keys are hashed by their UTF-8 bytes, to the last one', () => {
  const keys = ['', 'a', 'ab', 'abc', 'abcd', 'Kamera-Süd', '戸口', '\u{1f6aa}'];
  // As kafkajs 2.2.4 has them.
  expect(keys.map((key) => partitionFor(key, 0x7fff_ffff))).toEqual([
    275_646_681, 584_102_524, 316_155_434, 479_470_107, 823_834_100, 1_822_563_617, 1_477_482_225, 541_609_705,
  ]);
});
