import type { Random } from '../simulate/random.ts';

/**
 * What may have become of a frame's record on its way: each damage with the code of the letter that it has to come to.
 * All of it shows in the bytes. A record that was changed and is still a frame's is no dead letter, and nobody can tell.
 */
export interface RecordDamage {
  readonly name: string;
  readonly code: 'not-confluent' | 'unknown-schema' | 'corrupt-body';
  damage(whole: Buffer, random: Random): Buffer;
}

/** Before the body: a zero, and the schema's id in four bytes. */
const HEADER_BYTES = 5;
/** The body begins with the frame's id, a byte that says its length before it. */
const FRAME_ID_CHARS = 36;
const UNKNOWN_ID = 1_000_000;

export const recordDamages: readonly [RecordDamage, ...RecordDamage[]] = [
  { name: 'cut within its header', code: 'not-confluent', damage: (whole) => whole.subarray(0, HEADER_BYTES - 2) },
  { name: 'empty', code: 'not-confluent', damage: () => Buffer.alloc(0) },
  { name: 'of another format', code: 'not-confluent', damage: (whole) => changed(whole, 0, 0x7b) },
  {
    name: 'noise',
    code: 'not-confluent',
    damage: (whole, random) =>
      Buffer.from(whole.map((_, at) => (at === 0 ? 0xff : Math.floor(random.between(0, 256))))),
  },
  {
    name: 'of a schema that nobody knows',
    code: 'unknown-schema',
    damage(whole) {
      const copy = Buffer.from(whole);
      copy.writeInt32BE(UNKNOWN_ID, 1);
      return copy;
    },
  },
  {
    name: 'cut within its body',
    code: 'corrupt-body',
    damage: (whole, random) => whole.subarray(0, Math.floor(random.between(HEADER_BYTES, whole.length))),
  },
  { name: 'longer than it is', code: 'corrupt-body', damage: (whole) => Buffer.concat([whole, Buffer.from('more')]) },
  { name: 'a length below zero', code: 'corrupt-body', damage: (whole) => changed(whole, HEADER_BYTES, 0x7f) },
  {
    name: 'a text that is none',
    code: 'corrupt-body',
    damage: (whole) => changed(whole, HEADER_BYTES + 1 + FRAME_ID_CHARS + 1, 0xff),
  },
  { name: 'a lane that there is not', code: 'corrupt-body', damage: (whole) => changed(whole, whole.length - 1, 0x7e) },
];

function changed(whole: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(whole);
  copy[at] = byte;
  return copy;
}
