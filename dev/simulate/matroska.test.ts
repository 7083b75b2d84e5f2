import { describe, expect, test } from 'vitest';
import { createMatroskaReader, type TimedPicture } from './matroska.ts';

/** A picture whose bytes look like elements, which they are not: an early cluster, and a block cut off. */
const tricky = Buffer.from('ffd81f43b67501ffffffffffffffe78105a3ffd9', 'hex');
const pictures: readonly TimedPicture[] = [
  { atMs: 0, jpeg: tricky },
  { atMs: 200, jpeg: Buffer.from('ffd8ffd9', 'hex') },
  { atMs: 70_200, jpeg: Buffer.alloc(700, 7) },
  { atMs: 69_900, jpeg: Buffer.alloc(0) },
  { atMs: 70_400, jpeg: tricky },
];

/** As ffmpeg writes to a pipe: a segment without an end, clusters with and without, and much that is of no use here. */
const stream = Buffer.concat([
  element('1a45dfa3', element('4286', '01')),
  Buffer.from('1853806701ffffffffffffff', 'hex'),
  // Eight bytes for a size that one would hold.
  Buffer.from('ec0100000000000062', 'hex'),
  Buffer.alloc(0x62),
  element('1549a966', element('2ad7b1', '0f4240')),
  element('1f43b675', element('bf', '00112233'), element('e7', '00'), simpleBlock(0, 0), simpleBlock(200, 1)),
  Buffer.from('1f43b675ff', 'hex'),
  element('e7', '011170'),
  simpleBlock(200, 2),
  // Before its cluster's time; with a duration of its own.
  element('a0', element('a1', blockOf(-100, 3)), element('9b', '40')),
  simpleBlock(400, 4),
  element('1c53bb6b', element('bb', '00')),
]);

describe('a stream of Matroska', () => {
  test.each([1, 2, 3, 7, 100, stream.length])('gives its pictures, in pieces of %d bytes', (pieceBytes) => {
    const take = createMatroskaReader();
    const taken: TimedPicture[] = [];
    for (const piece of piecesOf(stream, pieceBytes)) taken.push(...take(piece));
    expect(taken).toEqual(pictures);
  });

  test('gives a picture as soon as its last byte is there, and none that was cut off', () => {
    const take = createMatroskaReader();
    const upTo = stream.indexOf(tricky) + tricky.length;
    expect(take(stream.subarray(0, upTo - 1))).toEqual([]);
    expect(take(stream.subarray(upTo - 1, upTo))).toEqual([pictures[0]]);
    expect(take(Buffer.alloc(0))).toEqual([]);
  });
});

function piecesOf(bytes: Buffer, pieceBytes: number): readonly Buffer[] {
  const count = Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes));
}

function simpleBlock(sinceClusterMs: number, picture: number): Buffer {
  return element('a3', blockOf(sinceClusterMs, picture));
}

function blockOf(sinceClusterMs: number, picture: number): Buffer {
  const head = Buffer.from([0x81, 0, 0, 0x80]);
  head.writeInt16BE(sinceClusterMs, 1);
  return Buffer.concat([head, pictures[picture]?.jpeg ?? Buffer.alloc(0)]);
}

function element(id: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x10000000 + body.length);
  return Buffer.concat([Buffer.from(id, 'hex'), body.length < 127 ? Buffer.from([0x80 + body.length]) : size, body]);
}
