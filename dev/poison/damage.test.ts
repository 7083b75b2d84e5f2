import { beforeAll, describe, expect, test } from 'vitest';
import { createPictureOpener } from '../../ports/detector/picture.ts';
import { frameOf } from '../../processor/frames-under-test.ts';
import { fixedCodec as codec, UndecodableRecord } from '../../schemas/codec.ts';
import { createRandom } from '../simulate/random.ts';
import { pictureDamages } from './damage-pictures.ts';
import { recordDamages } from './damage-records.ts';
import { type Film, shootFilm } from './film.ts';

/** What a run expects of its letters has to be what the damage is, for whatever chance makes of it. */
const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);

describe('a record', () => {
  const whole = codec.encode('frame', frameOf({ device: 'poison-1', seq: 70, atMs: 14_000 }));

  test.each(recordDamages)('$name', ({ code, damage }) => {
    for (const seed of SEEDS) {
      const bytes = damage(whole, createRandom(seed));
      expect(() => codec.decode(bytes), `seed ${seed}: ${bytes.toString('hex')}`).toThrow(UndecodableRecord);
      expect(() => codec.decode(bytes)).toThrow(expect.objectContaining({ code }));
    }
  });

  test('stays as it was where it was damaged', () => {
    expect(codec.decode(whole).name).toBe('frame');
  });
});

describe('a picture', () => {
  let film: Film;
  const open = createPictureOpener(() => ({ width: 160, height: 120 }));
  beforeAll(async () => {
    film = await shootFilm();
  });

  test.each(pictureDamages)('$name', async ({ code, damage }) => {
    for (const seed of SEEDS.slice(0, 5)) {
      expect(await open(damage(film.empty, createRandom(seed))), `seed ${seed}`).toMatchObject({ code });
    }
  });

  test('of the film is one', async () => {
    for (const jpeg of [film.empty, ...film.walk]) {
      expect(await open(jpeg)).toMatchObject({ original: { width: 160, height: 120 } });
    }
  });
});
