import type { Random } from '../simulate/random.ts';

/** What may have become of a picture before it was stored, with the code of the letter that it has to come to. */
export interface PictureDamage {
  readonly name: string;
  readonly code: 'undecodable' | 'too-many-pixels';
  damage(jpeg: Buffer, random: Random): Buffer;
}

const START_OF_FRAME = Buffer.from([0xff, 0xc0]);
/** From its marker: the length, the depth, then height and width, of two bytes each. */
const HEIGHT_AT = 5;
const SIDE_PX = 60_000;
const PAGE = Buffer.from('<html><body>503 Service Unavailable</body></html>\n');

export const pictureDamages: readonly [PictureDamage, ...PictureDamage[]] = [
  { name: 'half of it', code: 'undecodable', damage: (jpeg) => jpeg.subarray(0, Math.floor(jpeg.length / 2)) },
  { name: 'all but its end', code: 'undecodable', damage: (jpeg) => jpeg.subarray(0, jpeg.length - 100) },
  { name: 'nothing', code: 'undecodable', damage: () => Buffer.alloc(0) },
  { name: 'without its beginning', code: 'undecodable', damage: (jpeg) => jpeg.subarray(2) },
  { name: 'a page of a proxy', code: 'undecodable', damage: () => PAGE },
  {
    name: 'noise',
    code: 'undecodable',
    damage: (jpeg, random) => Buffer.from(jpeg.map(() => Math.floor(random.between(0, 256)))),
  },
  {
    name: 'larger than any',
    code: 'too-many-pixels',
    damage(jpeg) {
      const copy = Buffer.from(jpeg);
      const at = copy.indexOf(START_OF_FRAME) + HEIGHT_AT;
      copy.writeUInt16BE(SIDE_PX, at);
      copy.writeUInt16BE(SIDE_PX, at + 2);
      return copy;
    },
  },
];
