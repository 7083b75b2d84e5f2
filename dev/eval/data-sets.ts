import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED_DATA } from '../shared-data.ts';
import { readMotSequence } from './mot.ts';

/** Pictures in which people have marked everybody. */
export interface DataSet {
  readonly name: string;
  readonly pictures: readonly TruePicture[];
}

interface TruePicture {
  readonly path: string;
  readonly boxes: readonly PixelBox[];
}

interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The pictures that were held out of training. Boxes of teachers do not count as truth. */
export function readHeldOut(folder: string): DataSet {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', join(SHARED_DATA, 'train-person.tar'), '-C', folder]);
  const { images } = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')) as {
    images: Record<string, { split: string; boxes: [number, number, number, number, string][] }>;
  };
  const held = Object.entries(images).filter(([, { split }]) => split === 'val');
  return {
    name: 'held out',
    pictures: held.map(([name, { boxes }]) => ({
      path: join(folder, name),
      boxes: boxes
        .filter(([, , , , kind]) => kind === 'gt')
        .map(([left, top, right, bottom]) => ({
          left: left * PACK.width,
          top: top * PACK.height,
          width: (right - left) * PACK.width,
          height: (bottom - top) * PACK.height,
        })),
    })),
  };
}

const PACK = { width: 320, height: 240 };

/** One of the two sequences of the MOTChallenge. */
export function readSequence(name: string): DataSet {
  const { frames } = readMotSequence(join(SHARED_DATA, 'mot', name));
  return { name, pictures: frames.map(({ path, truth }) => ({ path, boxes: truth })) };
}

/** One frame in so many of a clip, as JPEGs; null where there is no ffmpeg. */
export function readClip(name: string, every: number, folder: string): readonly string[] | null {
  mkdirSync(folder, { recursive: true });
  const filter = `select=not(mod(n\\,${every}))`;
  const clip = join(SHARED_DATA, 'clips', name);
  try {
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-i',
      clip,
      '-vf',
      filter,
      '-vsync',
      '0',
      '-q:v',
      '2',
      join(folder, '%05d.jpg'),
    ]);
  } catch {
    return null;
  }
  return readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));
}
